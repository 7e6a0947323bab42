"""Owns the keys and values of every row, in tensors made once, and the attention that reads them.

Plugs into an unmodified transformers model: RowCache is its cache, `attend_rows` its attention function. A row's
content is addressed by position, so a step that failed can be run again and a freed row needs no clearing.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
import transformers
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from bot.engine.memory import lazy_zeros
from bot.engine.prefixes import BLOCK
from bot.engine.step import SPAN_STEP, Segment, Step

ATTENTION = "troupe_rows"


class RowCache(transformers.Cache):  # type: ignore[misc]  # transformers has no types
    """Keys and values per layer: [rows, heads, positions, head size], zero pages until they are used."""

    def __init__(self, shapes: Sequence[tuple[int, int, int]], rows: int, positions: int, like: Tensor) -> None:
        """`shapes`: per layer its key heads, key size and value size; `like`: gives device and dtype."""
        super().__init__(layers=[])
        room = -(-positions // SPAN_STEP) * SPAN_STEP
        self.keys = [lazy_zeros(like, rows, heads, room, size) for heads, size, _ in shapes]
        self.values = [lazy_zeros(like, rows, heads, room, size) for heads, _, size in shapes]
        self.step: Step | None = None
        self._shelf: list[Tensor] = []

    def make_shelf(self, blocks: int) -> None:
        """Room beside the rows for `blocks` blocks of keys and values: [blocks, heads, BLOCK, head size] per tensor."""
        self._shelf = [lazy_zeros(t, blocks, t.shape[1], BLOCK, t.shape[3]) for t in (*self.keys, *self.values)]

    def shelve(self, row: int, first: int, blocks: Sequence[int]) -> None:
        """Copy what lies in the row from its block number `first` on to these blocks of the shelf."""
        for part, shelf, places in self._in_blocks(row, first, blocks):
            shelf[places] = part

    def unshelve(self, row: int, blocks: Sequence[int]) -> None:
        """Begin the row with copies of these blocks of the shelf."""
        for part, shelf, places in self._in_blocks(row, 0, blocks):
            part.copy_(shelf[places])

    def _in_blocks(
        self, row: int, first: int, blocks: Sequence[int]
    ) -> Iterator[tuple[Tensor, Tensor, slice | Tensor]]:
        """Per tensor: the row's blocks from `first` on, [blocks, heads, BLOCK, size], its shelf, their places there."""
        start, stop = first * BLOCK, (first + len(blocks)) * BLOCK
        places: slice | Tensor = torch.tensor(blocks, device=self.keys[0].device)
        if list(blocks) == list(range(blocks[0], blocks[0] + len(blocks))):
            places = slice(blocks[0], blocks[0] + len(blocks))  # neighbours need no copy of their own
        for tensor, shelf in zip((*self.keys, *self.values), self._shelf, strict=True):
            _, heads, _, size = tensor.shape
            yield tensor[row, :, start:stop].view(heads, -1, BLOCK, size).transpose(0, 1), shelf, places

    def clear(self, row: int) -> None:
        """For a row that may hold NaN, which would reach the next request through attention weights of zero."""
        for tensor in (*self.keys, *self.values):
            tensor[row].zero_()

    def update(
        self, key_states: Tensor, value_states: Tensor, layer_idx: int, *_args: Any, **_kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """Write the step's keys and values [1, heads, tokens, head size], each at its own row and position."""
        step = self.step
        assert step is not None
        self.keys[layer_idx][step.rows, :, step.positions[0]] = key_states[0].transpose(0, 1)
        self.values[layer_idx][step.rows, :, step.positions[0]] = value_states[0].transpose(0, 1)
        return key_states, value_states

    def get_seq_length(self, layer_idx: int = 0) -> int:  # noqa: ARG002
        return 0


def attend_rows(
    module: nn.Module,
    query: Tensor,
    key: Tensor,  # noqa: ARG001
    value: Tensor,
    attention_mask: Tensor | None,  # noqa: ARG001
    scaling: float | None = None,
    sliding_window: int | None = None,
    rows: RowCache | None = None,
    **features: Any,
) -> tuple[Tensor, None]:
    """transformers' attention interface over a RowCache, which the model's forward hands on as `rows`.

    `query`: [1, heads, tokens, head size]; returns [1, tokens, heads, value size]. Query heads that share keys are
    folded into the query length, so that no key is copied.
    """
    _refuse_unknown(features)
    assert rows is not None
    step = rows.step
    assert step is not None
    layer = module.layer_idx
    assert isinstance(layer, int)
    keys, values = rows.keys[layer], rows.values[layer]
    parts = []
    if step.singles:
        parts.append(_attend_singles(step, query, keys, values, scaling, sliding_window))
    for segment, offset in step.chunks:
        chunk = query[0, :, offset : offset + len(segment.ids)]
        parts.append(_attend_chunk(step, segment, chunk, keys, values, scaling, sliding_window))
    out = parts[0] if len(parts) == 1 else torch.cat(parts)
    return out.view(1, query.shape[2], query.shape[1], value.shape[3]), None


def _attend_singles(
    step: Step, query: Tensor, keys: Tensor, values: Tensor, scaling: float | None, window: int | None
) -> Tensor:
    count, heads, size = len(step.singles), query.shape[1], query.shape[3]
    groups = heads // keys.shape[1]
    folded = query[0, :, :count].transpose(0, 1).reshape(count, keys.shape[1], groups, size)
    span = step.single_span
    out = scaled_dot_product_attention(
        folded,
        keys[step.single_rows, :, :span],
        values[step.single_rows, :, :span],
        attn_mask=step.single_mask(window),
        scale=scaling,
    )
    return out.reshape(count, -1)


def _attend_chunk(
    step: Step,
    segment: Segment,
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    scaling: float | None,
    window: int | None,
) -> Tensor:
    heads, count, size = query.shape
    groups = heads // keys.shape[1]
    out = scaled_dot_product_attention(
        query.reshape(1, keys.shape[1], groups * count, size),
        keys[segment.row, None, :, : segment.end],
        values[segment.row, None, :, : segment.end],
        attn_mask=step.chunk_mask(segment, window, groups),
        scale=scaling,
    )
    return out.view(heads, count, -1).transpose(0, 1).reshape(count, -1)


def _refuse_unknown(features: dict[str, Any]) -> None:
    """Attention variants that would change the result if they were ignored."""
    for name in ("softcap", "s_aux", "position_bias"):
        if features.get(name) is not None:
            raise NotImplementedError(f"attention with {name}")


transformers.AttentionInterface.register(ATTENTION, attend_rows)
