"""Starts a vLLM server for the configuration, in an environment of its own, and starts it again when it dies."""

import logging
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from bot.config import Config
from bot.errors import ConfigError

log = logging.getLogger(__name__)

VLLM_PYTHON = Path(".venv-vllm/bin/python")
KEPT_IN_MEMORY = 4  # adapters in main memory for each one in a slot
DTYPES = {"auto": "auto", "fp32": "float32", "bf16": "bfloat16", "nf4": "bfloat16"}
FIRST_REST, MOST_REST, HEALTHY_AFTER = 2.0, 60.0, 300.0  # seconds


@dataclass(frozen=True)
class ModelServer:
    """What is run: `command` with `environ` over this process's own variables."""

    command: tuple[str, ...]
    environ: dict[str, str]


def model_server(config: Config, model: Path, python: Path, port: int, gpus: int) -> ModelServer:
    """vLLM's command for this configuration. `gpus`: how many share the model; 0: a CPU. Raises ConfigError."""
    engine = config.engine
    if (dtype := DTYPES.get(config.model.precision)) is None or (config.model.precision == "nf4" and not gpus):
        raise ConfigError(
            f"model.precision = {config.model.precision!r}: vLLM does not serve that here; "
            f"set it to auto, fp32 or bf16{', or nf4' if gpus else ''}."
        )
    if dtype == "auto" and not gpus:
        dtype = "float32"
    command = [
        str(python), "-m", "vllm.entrypoints.openai.api_server", "--host", "127.0.0.1", "--port", str(port),
        "--model", config.vllm.model or str(model), "--served-model-name", "base", "--dtype", dtype,
        "--max-model-len", str(engine.context_tokens), "--max-num-seqs", str(engine.max_rows),
        "--enable-lora", "--max-lora-rank", str(_rank(engine.max_rank)), "--max-loras", str(engine.adapter_slots),
        "--max-cpu-loras", str(KEPT_IN_MEMORY * engine.adapter_slots), "--generation-config", "vllm",
        "--sse-keep-alive-interval", "5", "--structured-outputs-config.backend", "guidance",
        "--shutdown-timeout", "30",
    ]  # fmt: skip
    if config.model.precision == "nf4":
        command += ["--quantization", "bitsandbytes"]
    if gpus > 1:
        command += ["--tensor-parallel-size", str(gpus)]
    environ = {
        "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "1",
        "VLLM_PLUGINS": "lora_filesystem_resolver",
        "VLLM_LORA_RESOLVER_CACHE_DIR": str(config.path(config.vllm.adapters)),
        "VLLM_NO_USAGE_STATS": "1",
    }
    if not gpus:
        environ |= {"VLLM_CPU_NUM_OF_RESERVED_CPU": "0", "VLLM_CPU_KVCACHE_SPACE": "1"}  # all cores; GiB
    return ModelServer(tuple(command), environ)


def gpus_here() -> int:
    """How many NVIDIA GPUs the driver lists."""
    if (tool := shutil.which("nvidia-smi")) is None:
        return 0
    listed = subprocess.run([tool, "--list-gpus"], capture_output=True, text=True, check=False)  # noqa: S603
    return listed.stdout.count("GPU ")


def keep_serving(server: ModelServer) -> None:
    """Run the server until this process is told to stop; one that dies is started again, with pauses that grow.

    Its log goes where this process's goes. Raises ConfigError when there is no such Python.
    """
    rest = FIRST_REST
    while True:
        started = time.monotonic()
        if (code := _run_once(server)) in (0, -signal.SIGINT, -signal.SIGTERM):
            return
        rest = FIRST_REST if time.monotonic() - started > HEALTHY_AFTER else min(2 * rest, MOST_REST)
        log.error("The model server ended with code %d; it starts again in %.0f s.", code, rest)
        time.sleep(rest)


def _run_once(server: ModelServer) -> int:
    try:
        child = subprocess.Popen(server.command, env=os.environ | server.environ)  # noqa: S603
    except OSError as error:
        raise ConfigError(
            f"{server.command[0]}: cannot be run ({error.strerror}); make it with `make vllm`, or name another."
        ) from None
    previous = signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    try:
        return child.wait()
    except KeyboardInterrupt:  # the terminal has told the child too
        return child.wait() and 0
    finally:
        signal.signal(signal.SIGTERM, previous)


def _rank(wanted: int) -> int:
    """vLLM takes only some largest ranks: the first that is enough."""
    return next(rank for rank in (8, 16, 32, 64, 128, 256) if rank >= wanted)
