"""Owns the decoder for any model and device: transformers' own forward pass with its linear layers, its cache and its
attention exchanged for ours. Also the model's own answer, which every decoder must give.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import transformers
from torch import Tensor, nn

from bot.engine.int8 import Int8Product
from bot.engine.kv_rows import ATTENTION, RowCache
from bot.engine.options import Placement
from bot.engine.projections import Binding, LoraShare, Projection, float_product, install_projections
from bot.engine.step import Step

PROBE_TOKENS = 12


@dataclass(frozen=True)
class Reference:
    """What transformers' own code answers: the logits after `ids`, [1, vocabulary], and per layer its key heads, key
    size and value size."""

    ids: tuple[int, ...]
    logits: Tensor
    shapes: tuple[tuple[int, int, int], ...]


class EagerDecoder:
    """Takes over `model`, whose layers it exchanges. `cache` must be set before the first step."""

    cache: RowCache

    def __init__(self, model: Any, placement: Placement) -> None:
        self._model = model
        self._like = torch.empty(0, device=placement.device, dtype=placement.dtype)
        self._binding = Binding()
        self._projections = _exchange_projections(model, placement)
        self._ranks = [0]

    def make_slots(self, slots: int, rank: int) -> None:
        self._ranks = [0] * (slots + 1)
        for projection in self._projections:
            projection.make_slots(slots + 1, rank, self._like, self._binding)

    def write_slot(self, slot: int, shares: dict[str, LoraShare]) -> None:
        for projection in self._projections:
            projection.write_slot(slot, shares)
        self._ranks[slot] = max((share.a.shape[0] for share in shares.values()), default=0)

    def adaptable_layers(self) -> dict[str, tuple[int, int]]:
        return {
            name: (projection.inputs, stop - start)
            for projection in self._projections
            for name, (start, stop) in zip(projection.names, projection.bounds, strict=True)
        }

    def run(self, step: Step) -> Tensor:
        self._binding.bind(step, self._ranks)
        self.cache.step = step
        return _forward(self._model, step.ids, step.positions, step.last_tokens, self.cache)


@torch.inference_mode()
def reference_of(model: Any) -> Reference:
    """The model's own answer to a fixed prompt, with transformers' own cache and attention."""
    device = model.device
    ids = [(7 * i + 3) % model.config.get_text_config().vocab_size for i in range(PROBE_TOKENS)]
    cache = transformers.DynamicCache()
    with _attention(model, "sdpa"):
        logits = _forward(
            model,
            torch.tensor([ids], device=device),
            torch.arange(PROBE_TOKENS, device=device)[None],
            torch.tensor([PROBE_TOKENS - 1], device=device),
            cache,
        )
    shapes = tuple((layer.keys.shape[1], layer.keys.shape[3], layer.values.shape[3]) for layer in cache.layers)
    return Reference(tuple(ids), logits, shapes)


def _forward(model: Any, ids: Tensor, positions: Tensor, keep: Tensor, cache: transformers.Cache) -> Tensor:
    out = model(
        input_ids=ids,
        position_ids=positions,
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=keep,
        rows=cache if isinstance(cache, RowCache) else None,
    )
    logits: Tensor = out.logits[0].float()
    return logits


def _exchange_projections(model: Any, placement: Placement) -> list[Projection]:
    head = model.get_output_embeddings()
    quantize = placement.precision == "int8" and placement.device.type == "cpu"
    projections = install_projections(model, head, Int8Product if quantize else float_product)
    if quantize and isinstance(head, nn.Linear):
        model.set_output_embeddings(Int8Product([head]))
    return projections


@contextmanager
def _attention(model: Any, name: str) -> Iterator[None]:
    """Another attention function for a moment."""
    model.set_attn_implementation(name)
    try:
        yield
    finally:
        model.set_attn_implementation(ATTENTION)
