"""Where the model runs on this machine, and in which arithmetic."""

import logging
from dataclasses import dataclass

import torch

from bot.engine.options import PRECISIONS, EngineOptions
from bot.errors import BaseModelError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Placement:
    """Where the model runs, how its weights are held, and in which dtype everything else is computed."""

    device: torch.device
    precision: str
    dtype: torch.dtype


def place(options: EngineOptions) -> Placement:
    """Raises BaseModelError when this machine cannot do what is asked."""
    device = _device(options.device)
    precision = options.precision
    if precision not in PRECISIONS:
        raise BaseModelError(f"model.precision = {precision!r}: must be one of {', '.join(PRECISIONS)}.")
    if precision == "auto":
        precision = "int8" if device.type == "cpu" else "bf16"
    if precision == "nf4" and device.type == "cpu":
        raise BaseModelError(
            "model.precision = 'nf4': this needs an NVIDIA GPU with a CUDA build of torch; use 'int8' or 'fp32' here."
        )
    if precision == "int8" and device.type == "cpu" and "fbgemm" not in torch.backends.quantized.supported_engines:
        log.warning("This processor lacks the int8 kernels; serving in fp32, which is slower and needs more memory.")
        precision = "fp32"
    full = precision == "fp32" or (precision == "int8" and device.type == "cpu")
    return Placement(device, precision, torch.float32 if full else torch.bfloat16)


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(name)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise BaseModelError(
            f"model.device = {name!r}: torch sees no CUDA device; use 'auto' or 'cpu', or install torch with CUDA."
        )
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise BaseModelError(
            f"model.device = {name!r}: this machine has {torch.cuda.device_count()} CUDA device(s), counted from 0."
        )
    return device
