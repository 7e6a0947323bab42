"""Lets an unmodified transformers model work on RowCache: the cache it writes to, the attention that reads from it.

Whoever imports this imports transformers' modelling code with it.
"""

from typing import Any

import torch
import transformers
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from bot.engine.kv_cache import RowCache
from bot.engine.step import Segment, Step

ATTENTION = "troupe_rows"


class StepCache(transformers.Cache):  # type: ignore[misc]  # transformers has no types
    """The keys and values of all rows, as one step's tokens see them."""

    def __init__(self, kept: RowCache, step: Step) -> None:
        super().__init__(layers=[])
        self.kept = kept
        self.step = step

    def update(
        self, key_states: Tensor, value_states: Tensor, layer_idx: int, *_args: Any, **_kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """Write the step's keys and values [1, heads, tokens, head size], each at its own row and position."""
        rows, positions = self.step.rows, self.step.positions[0]
        self.kept.keys[layer_idx][rows, :, positions] = key_states[0].transpose(0, 1)
        self.kept.values[layer_idx][rows, :, positions] = value_states[0].transpose(0, 1)
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
    rows: StepCache | None = None,
    **features: Any,
) -> tuple[Tensor, None]:
    """transformers' attention interface over a StepCache, which the model's forward hands on as `rows`.

    `query`: [1, heads, tokens, head size]; returns [1, tokens, heads, value size]. Query heads that share keys are
    folded into the query length, so that no key is copied.
    """
    _refuse_unknown(features)
    assert rows is not None
    step = rows.step
    layer = module.layer_idx
    assert isinstance(layer, int)
    keys, values = rows.kept.keys[layer], rows.kept.values[layer]
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
