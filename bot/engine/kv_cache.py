"""The keys and values of every row and of the prefix cache, in tensors that are made once.

A row's content is addressed by position, so a step that failed can be run again and a freed row needs no clearing.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from bot.engine.prefix_cache import BLOCK
from bot.engine.step import SPAN_STEP
from bot.engine.system_memory import lazy_zeros


class KVCache:
    """Keys and values per layer: [rows, heads, positions, head size], zero pages until they are used."""

    def __init__(self, shapes: Sequence[tuple[int, int, int]], rows: int, positions: int, like: Tensor) -> None:
        """`shapes`: per layer its key heads, key size and value size; `like`: gives device and dtype."""
        room = -(-positions // SPAN_STEP) * SPAN_STEP
        self.keys = [lazy_zeros(like, rows, heads, room, size) for heads, size, _ in shapes]
        self.values = [lazy_zeros(like, rows, heads, room, size) for heads, _, size in shapes]
        self.prefix_blocks: list[Tensor] = []

    def make_prefix_blocks(self, blocks: int) -> None:
        """Room beside the rows for `blocks` blocks of keys and values: [blocks, heads, BLOCK, head size] per tensor."""
        self.prefix_blocks = [lazy_zeros(t, blocks, t.shape[1], BLOCK, t.shape[3]) for t in (*self.keys, *self.values)]

    def save_prefix(self, row: int, first: int, blocks: Sequence[int]) -> None:
        """Copy what lies in the row from its block number `first` on to these blocks of the prefix cache."""
        for part, kept, places in self._in_blocks(row, first, blocks):
            kept[places] = part

    def restore_prefix(self, row: int, first: int, blocks: Sequence[int]) -> None:
        """Copy these blocks of the prefix cache to the row, from its block number `first` on."""
        for part, kept, places in self._in_blocks(row, first, blocks):
            part.copy_(kept[places])

    def _in_blocks(
        self, row: int, first: int, blocks: Sequence[int]
    ) -> Iterator[tuple[Tensor, Tensor, slice | Tensor]]:
        """Per tensor: the row's blocks from `first` on, [blocks, heads, BLOCK, size], the kept ones, their places."""
        start, stop = first * BLOCK, (first + len(blocks)) * BLOCK
        places: slice | Tensor = torch.tensor(blocks, device=self.keys[0].device)
        if list(blocks) == list(range(blocks[0], blocks[0] + len(blocks))):
            places = slice(blocks[0], blocks[0] + len(blocks))  # neighbours need no copy of their own
        for tensor, kept in zip((*self.keys, *self.values), self.prefix_blocks, strict=True):
            _, heads, _, size = tensor.shape
            yield tensor[row, :, start:stop].view(heads, -1, BLOCK, size).transpose(0, 1), kept, places

    def clear(self, row: int) -> None:
        """For a row that may hold NaN, which would reach the next request through attention weights of zero."""
        for tensor in (*self.keys, *self.values):
            tensor[row].zero_()
