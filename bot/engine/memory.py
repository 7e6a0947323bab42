"""Owns tensors of zeros that cost no memory until they are written."""

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
