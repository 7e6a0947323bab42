"""What every training starts from: the device, the precision and the base model."""

import logging
import platform
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import datasets
import torch
import transformers

from bot.engine.base_model import BaseModelFiles
from bot.errors import BaseModelError, ConfigError


def resolve_device(device: str) -> str:
    """`auto` becomes CUDA where there is one. Raises ConfigError for a CUDA device that training cannot use."""
    available = torch.cuda.is_available()
    if device == "auto":
        return "cuda" if available else "cpu"
    if device.startswith("cuda") and not available:
        raise ConfigError(f"model.device = {device!r}: this machine has no CUDA device; set it to auto or cpu.")
    if device not in ("cpu", "cuda", "cuda:0"):
        number = device.removeprefix("cuda:")
        raise ConfigError(
            f"model.device = {device!r}: training uses the first CUDA device it sees; "
            f"run it with CUDA_VISIBLE_DEVICES={number} TROUPE_MODEL__DEVICE=cuda."
        )
    return device


def resolve_precision(precision: str, device: str) -> str:
    """`auto` becomes what the device is good at. Raises ConfigError for quantized training without CUDA."""
    on_gpu = device.startswith("cuda")
    if precision == "auto":
        return "bf16" if on_gpu or cpu_multiplies_bf16() else "fp32"
    if precision in ("int8", "nf4") and not on_gpu:
        raise ConfigError(
            f"training.precision = {precision!r}: training on a quantized base model needs a CUDA device; "
            "set it to auto or fp32."
        )
    return precision


def cpu_multiplies_bf16() -> bool:
    """Whether this processor has instructions for it (AVX-512-BF16 or AMX); without them bf16 is slower than fp32."""
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def load_base(files: BaseModelFiles, precision: str, device: str) -> Any:
    """The base model for training or for measuring losses: fp32 or bf16, or quantized by bitsandbytes."""
    options: dict[str, Any] = {"dtype": torch.float32 if precision == "fp32" else torch.bfloat16}
    if precision == "nf4":
        options["quantization_config"] = transformers.BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
    elif precision == "int8":
        options["quantization_config"] = transformers.BitsAndBytesConfig(load_in_8bit=True)
    with quiet_libraries():
        try:
            # Trees need an attention that takes any mask: sdpa does, flash attention does not.
            return transformers.AutoModelForCausalLM.from_pretrained(
                files.path, local_files_only=True, attn_implementation="sdpa", device_map=device, **options
            )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise BaseModelError(f"model.base = {files.name!r} cannot be loaded for training: {error}") from error


def library_versions() -> dict[str, str]:
    """What the bytes of an adapter depend on beside its data and its seed."""
    import peft
    import trl

    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "transformers": transformers.__version__,
        "peft": peft.__version__,
        "trl": trl.__version__,
    }


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """The progress bar is ours: keep the libraries' bars and notices off the terminal."""
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    datasets.disable_progress_bars()
    logging.getLogger("accelerate").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
