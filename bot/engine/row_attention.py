"""Lets an unmodified transformers model work on KVCache: the cache it writes to, the attention that reads from it.

Whoever imports this imports transformers' modelling code with it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import torch
import transformers
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from bot.engine.kv_cache import KVCache
from bot.engine.reference_logits import Unservable
from bot.engine.step import Segment, Step

ATTENTION = "troupe_rows"


class StepCache(transformers.Cache):  # type: ignore[misc]  # transformers has no types
    """The keys and values of all rows, as one step's tokens see them."""

    def __init__(self, kept: KVCache, step: Step) -> None:
        super().__init__(layers=[])
        self.kept = kept
        self.step = step
        self.attended = False
        self._given: dict[int, tuple[Tensor, int]] = {}

    def update(
        self, key_states: Tensor, value_states: Tensor, layer_idx: int, *_args: Any, **_kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """Write the step's keys and values [1, heads, tokens, head size], each at its own row and position."""
        rows, positions = self.step.rows, self.step.positions[0]
        self.kept.keys[layer_idx][rows, :, positions] = key_states[0].transpose(0, 1)
        self.kept.values[layer_idx][rows, :, positions] = value_states[0].transpose(0, 1)
        self._given[id(key_states)] = key_states, layer_idx
        return key_states, value_states

    def layer_of(self, key_states: Tensor, module: nn.Module) -> int:
        """Whose keys these are: the layer's own, or those of an earlier one where layers share them (Gemma 3n, 4)."""
        if (given := self._given.get(id(key_states))) is not None:
            return given[1]
        layer = getattr(module, "layer_idx", None)
        if not isinstance(layer, int) or layer >= len(self.kept.keys):
            raise Unservable("its attention does not say of which layer it is")
        return layer

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
    cap: float | None = None  # of scores, by its tangent hyperbolic (Gemma 2)
    sinks: Tensor | None = None  # [heads]: scores of a position that is attended to and says nothing (gpt-oss)

    def singles(self, step: Step, query: Tensor) -> Tensor:
        """`query`: [1, heads, tokens, head size]; for the single-token segments [singles, heads * value size]."""
        count, heads, size = len(step.singles), query.shape[1], query.shape[3]
        groups = heads // self.keys.shape[1]
        folded = query[0, :, :count].transpose(0, 1).reshape(count, self.keys.shape[1], groups, size)
        span = step.single_span
        keys, values = self.keys[step.single_rows, :, :span], self.values[step.single_rows, :, :span]
        return self._attend(folded, keys, values, step.single_mask(self.window), 1).reshape(count, -1)

    def chunk(self, step: Step, segment: Segment, query: Tensor) -> Tensor:
        """`query`: [heads, tokens of the segment, head size]; returns [tokens of the segment, heads * value size]."""
        heads, count, size = query.shape
        groups = heads // self.keys.shape[1]
        folded = query.reshape(1, self.keys.shape[1], groups * count, size)
        keys, values = (t[segment.row, None, :, : segment.end] for t in (self.keys, self.values))
        out = self._attend(folded, keys, values, step.chunk_mask(segment, self.window, groups), count)
        return out.reshape(heads, count, -1).transpose(0, 1).reshape(count, -1)

    def _attend(self, query: Tensor, keys: Tensor, values: Tensor, mask: Tensor, count: int) -> Tensor:
        """`query`: [rows, key heads, groups * count, head size], `count` tokens of each query head together."""
        if self.cap is None and self.sinks is None:
            return scaled_dot_product_attention(query, keys, values, attn_mask=mask, scale=self.scaling)
        scale = query.shape[-1] ** -0.5 if self.scaling is None else self.scaling
        scores = query @ keys.transpose(-1, -2) * scale
        if self.cap is not None:
            scores = (scores / self.cap).tanh() * self.cap
        scores = scores + mask
        if self.sinks is not None:
            sinks = self.sinks.view(keys.shape[1], -1, 1).repeat_interleave(count, 1)
            scores = torch.cat([scores, sinks.to(scores).expand(len(scores), -1, -1, -1)], -1)
        weights = scores.float().softmax(-1).to(values.dtype)
        return weights[..., : keys.shape[2]] @ values


_CURRENT: ContextVar[StepCache | None] = ContextVar("current step", default=None)


@contextmanager
def attending(cache: StepCache) -> Iterator[None]:
    """Attention reads this cache while this lasts. Not every model's layers would hand it on as an argument."""
    token = _CURRENT.set(cache)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def attend_rows(module: nn.Module, query: Tensor, key: Tensor, *_rest: Any, **features: Any) -> tuple[Tensor, None]:
    """transformers' attention interface over the StepCache of the current step.

    `query`: [1, heads, tokens, head size]; returns [1, tokens, heads, value size]. The keys, values and mask that
    transformers passes are of this step's tokens only; the StepCache has those of whole rows.
    """
    _refuse_unknown(features)
    rows = _CURRENT.get()
    assert rows is not None
    rows.attended = True
    layer = rows.layer_of(key, module)
    keys, values, step = rows.kept.keys[layer], rows.kept.values[layer], rows.step
    if query.shape[3] != keys.shape[3]:
        raise Unservable("it keeps something else than the keys that it attends to")
    attention = LayerAttention(
        keys,
        values,
        features.get("scaling"),
        features.get("sliding_window"),
        features.get("softcap"),
        features.get("s_aux"),
    )
    parts = [attention.singles(step, query)] if step.singles else []
    for segment, offset in step.chunks:
        parts.append(attention.chunk(step, segment, query[0, :, offset : offset + len(segment.ids)]))
    out = parts[0] if len(parts) == 1 else torch.cat(parts)
    return out.view(1, query.shape[2], query.shape[1], values.shape[3]), None


def _refuse_unknown(features: dict[str, Any]) -> None:
    """Attention variants that would change the result if they were ignored."""
    if features.get("position_bias") is not None:
        raise Unservable("its attention adds a bias for each distance")


transformers.AttentionInterface.register(ATTENTION, attend_rows)
