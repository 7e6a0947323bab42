"""Lets an unmodified transformers model work on KVCache: the cache it writes to, the attention that reads from it.

Whoever imports this imports transformers' modelling code with it.
"""

from dataclasses import dataclass
from typing import Any

import torch
import transformers
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from bot.engine.kv_cache import KVCache
from bot.engine.step import Segment, Step

ATTENTION = "troupe_rows"


class StepCache(transformers.Cache):  # type: ignore[misc]  # transformers has no types
    """The keys and values of all rows, as one step's tokens see them."""

    def __init__(self, kept: KVCache, step: Step) -> None:
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


@dataclass(frozen=True)
class LayerAttention:
    """One layer's attention over all rows' keys and values: [rows, heads, positions, size].

    Query heads that share keys are folded into the query length, so that no key is copied.
    """

    keys: Tensor
    values: Tensor
    scaling: float | None
    window: int | None

    def singles(self, step: Step, query: Tensor) -> Tensor:
        """`query`: [1, heads, tokens, head size]; for the single-token segments [singles, heads * value size]."""
        count, heads, size = len(step.singles), query.shape[1], query.shape[3]
        groups = heads // self.keys.shape[1]
        folded = query[0, :, :count].transpose(0, 1).reshape(count, self.keys.shape[1], groups, size)
        span = step.single_span
        out = scaled_dot_product_attention(
            folded,
            self.keys[step.single_rows, :, :span],
            self.values[step.single_rows, :, :span],
            attn_mask=step.single_mask(self.window),
            scale=self.scaling,
        )
        return out.reshape(count, -1)

    def chunk(self, step: Step, segment: Segment, query: Tensor) -> Tensor:
        """`query`: [heads, tokens of the segment, head size]; returns [tokens of the segment, heads * value size]."""
        heads, count, size = query.shape
        groups = heads // self.keys.shape[1]
        out = scaled_dot_product_attention(
            query.reshape(1, self.keys.shape[1], groups * count, size),
            self.keys[segment.row, None, :, : segment.end],
            self.values[segment.row, None, :, : segment.end],
            attn_mask=step.chunk_mask(segment, self.window, groups),
            scale=self.scaling,
        )
        return out.view(heads, count, -1).transpose(0, 1).reshape(count, -1)


def attend_rows(module: nn.Module, query: Tensor, *_keys_values_mask: Any, **features: Any) -> tuple[Tensor, None]:
    """transformers' attention interface over a StepCache, which the model's forward hands on as `rows`.

    `query`: [1, heads, tokens, head size]; returns [1, tokens, heads, value size]. The keys, values and mask that
    transformers passes are of this step's tokens only; the StepCache has those of whole rows.
    """
    _refuse_unknown(features)
    rows, layer = features["rows"], module.layer_idx
    assert isinstance(rows, StepCache)
    assert isinstance(layer, int)
    keys, values, step = rows.kept.keys[layer], rows.kept.values[layer], rows.step
    attention = LayerAttention(keys, values, features.get("scaling"), features.get("sliding_window"))
    parts = [attention.singles(step, query)] if step.singles else []
    for segment, offset in step.chunks:
        parts.append(attention.chunk(step, segment, query[0, :, offset : offset + len(segment.ids)]))
    out = parts[0] if len(parts) == 1 else torch.cat(parts)
    return out.view(1, query.shape[2], query.shape[1], values.shape[3]), None


def _refuse_unknown(features: dict[str, Any]) -> None:
    """Attention variants that would change the result if they were ignored."""
    for name in ("softcap", "s_aux", "position_bias"):
        if features.get(name) is not None:
            raise NotImplementedError(f"attention with {name}")


transformers.AttentionInterface.register(ATTENTION, attend_rows)
