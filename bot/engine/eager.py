"""The decoder for any model and device: transformers' own forward pass, with our linear layers, KV cache and attention
in place of its own.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
import transformers
from torch import Tensor, nn

from bot.engine.int8 import Int8Product, int8_product
from bot.engine.kv_cache import KVCache
from bot.engine.placement import Placement
from bot.engine.projections import Binding, LoraShare, Projection, float_product, install_projections
from bot.engine.reference_logits import Unservable, forward
from bot.engine.row_attention import ATTENTION, StepCache, attending
from bot.engine.step import Step


class EagerDecoder:
    """Takes over `model`, whose linear layers it exchanges; `use` must be called before the first step."""

    def __init__(self, model: Any, placement: Placement, adaptable: Collection[str]) -> None:
        """`adaptable`: names of the linear layers that an adapter may change; others stay as they are."""
        self._model = model
        self._cache: KVCache | None = None
        self._like = torch.empty(0, device=placement.device, dtype=placement.dtype)
        self._binding = Binding()
        self._projections = _exchange_projections(model, placement, adaptable)
        self._ranks = [0]

    @property
    def arithmetic(self) -> str:
        return f"transformers {transformers.__version__}, torch {torch.__version__}"

    def use(self, cache: KVCache) -> None:
        """Serve the rows of `cache`: from now on the model's attention reads them."""
        self._model.set_attn_implementation(ATTENTION)
        self._cache = cache

    def make_slots(self, slots: int, rank: int) -> None:
        self._ranks = [0] * (slots + 1)
        for projection in self._projections:
            projection.make_slots(slots + 1, rank, self._like, self._binding)

    def write_slot(self, slot: int, shares: dict[str, LoraShare]) -> None:
        with _own_stream(self._like.device):
            for projection in self._projections:
                projection.write_slot(slot, shares)
        self._ranks[slot] = max((share.a.shape[0] for share in shares.values()), default=0)

    def adaptable_layers(self) -> dict[str, tuple[int, int]]:
        return {
            name: (projection.inputs, stop - start)
            for projection in self._projections
            for name, (start, stop) in zip(projection.names, projection.bounds, strict=True)
        }

    def save_prefix(self, row: int, first: int, blocks: Sequence[int]) -> None:
        """Copy what lies in the row from its block number `first` on to these blocks of the prefix cache."""
        assert self._cache is not None
        self._cache.save_prefix(row, first, blocks)

    def restore_prefix(self, row: int, first: int, blocks: Sequence[int]) -> None:
        """Copy these blocks of the prefix cache to the row, from its block number `first` on."""
        assert self._cache is not None
        self._cache.restore_prefix(row, first, blocks)

    def run(self, step: Step) -> Tensor:
        assert self._cache is not None
        self._binding.bind(step, self._ranks)
        cache = StepCache(self._cache, step)
        with attending(cache):
            logits = forward(self._model, step.ids, step.positions, step.last_tokens, cache)
        if not cache.attended:
            raise Unservable("its attention is not one that can be exchanged")
        return logits


@contextmanager
def _own_stream(device: torch.device) -> Iterator[None]:
    """On a GPU: what is copied within does not wait for the steps, nor they for it; it is done at the end."""
    if device.type != "cuda":
        yield
        return
    stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    with torch.cuda.stream(stream):
        yield
    stream.synchronize()


def _exchange_projections(model: Any, placement: Placement, adaptable: Collection[str]) -> list[Projection]:
    head = model.get_output_embeddings()
    quantize = placement.precision == "int8" and placement.device.type == "cpu"
    projections = install_projections(model, adaptable, int8_product if quantize else float_product)
    if quantize and type(head) is nn.Linear:
        model.set_output_embeddings(Int8Product([head]))
    return projections
