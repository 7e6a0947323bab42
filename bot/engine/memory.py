"""Owns what the engine asks of the system's memory: zeros that cost none until they are written, and its return."""

import ctypes

import numpy
import torch
from torch import Tensor


def lazy_zeros(like: Tensor, *shape: int) -> Tensor:
    """Zeros of `like`'s device and dtype. On a CPU their pages are committed by the first write, as torch's are not."""
    if like.device.type == "cpu" and like.dtype is torch.bfloat16:
        return torch.from_numpy(numpy.zeros(shape, dtype=numpy.uint16)).view(torch.bfloat16)
    if like.device.type == "cpu" and like.dtype is torch.float32:
        return torch.from_numpy(numpy.zeros(shape, dtype=numpy.float32))
    return torch.zeros(shape, device=like.device, dtype=like.dtype)


def give_back_freed() -> None:
    """Hand freed memory back to the system, where the C library keeps it and can be asked (glibc)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
