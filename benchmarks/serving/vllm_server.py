"""The work, done by vLLM's server for CPUs in fp32, which every CPU computes."""

from collections.abc import Iterator

from benchmarks.serving.http_peer import Peer, free_port, running
from benchmarks.serving.work import PLANS, Setting, Timing

NAME = "vllm"
MOST_RANK = 16
CONTEXT = 2048  # tokens
PATIENCE = 400.0  # seconds until it has loaded and compiled
# Without the second it leaves one core idle.
ENVIRON = {
    "VLLM_CPU_KVCACHE_SPACE": "2",
    "VLLM_CPU_NUM_OF_RESERVED_CPU": "0",
    "HF_HUB_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
}


def run(setting: Setting, part: str) -> Iterator[Timing]:
    plan = PLANS[part].for_peers()
    url = f"http://127.0.0.1:{(port := free_port())}"
    command = [
        str(setting.vllm_python), "-m", "vllm.entrypoints.openai.api_server", "--host", "127.0.0.1",
        "--port", str(port),
        "--model", str(setting.model), "--served-model-name", "base", "--dtype", "float32",
        "--max-model-len", str(CONTEXT), "--max-num-seqs", str(plan.rows), "--no-enable-prefix-caching",
        "--enable-lora", "--max-lora-rank", str(MOST_RANK), "--max-loras", str(plan.slots),
        "--max-cpu-loras", str(plan.registered),
        "--lora-modules", *(f"copy-{n}={setting.adapter}" for n in range(plan.registered)),
    ]  # fmt: skip
    with running(NAME, command, ENVIRON | {"OMP_NUM_THREADS": str(setting.threads)}, url, PATIENCE):
        peer = Peer(NAME, url, lambda number: {"model": "base" if number is None else f"copy-{number}"})
        yield from peer.measure(plan.order())
