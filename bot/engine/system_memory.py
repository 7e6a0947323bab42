"""Asks the system for memory that costs nothing until it is written, and gives freed memory back."""

import math
import mmap

import torch
from torch import Tensor

from bot.posix import c_function

M_MMAP_THRESHOLD = -3  # of malloc.h


def lazy_zeros(like: Tensor, *shape: int) -> Tensor:
    """Zeros of `like`'s device and dtype. On a CPU their pages are committed by the first write, as torch's are not.

    They are small pages: with huge ones the first tokens of a row would commit a hundred megabytes, in a tenth of a
    second.
    """
    if like.device.type != "cpu" or 0 in shape:
        return torch.zeros(shape, device=like.device, dtype=like.dtype)
    pages = mmap.mmap(-1, math.prod(shape) * like.element_size())
    if hasattr(mmap, "MADV_NOHUGEPAGE"):  # Linux
        pages.madvise(mmap.MADV_NOHUGEPAGE)
    return torch.frombuffer(pages, dtype=like.dtype).view(shape)


def give_back_freed() -> None:
    """Hand freed memory back to the system, where the C library keeps it and can be asked (glibc)."""
    trim = c_function("malloc_trim")
    if trim is not None:
        trim(0)


def map_large_pieces() -> None:
    """From now on a piece of memory of 1 MiB or more goes back to the system when it is freed (glibc).

    For work whose tensors have another size each time: the C library would keep the holes between them.
    """
    options = c_function("mallopt")
    if options is not None:
        options(M_MMAP_THRESHOLD, 1 << 20)
