"""Hands a packed model to decoder.cpp: its structs, filled with the addresses of tensors."""

from collections.abc import Mapping

from torch import Tensor

from bot.engine.kv_cache import KVCache
from bot.engine.native.packing import LANES, PackedModel, rope_table
from bot.engine.native.structs import NORMS, PRODUCTS, Layer, Linear, Shape


class Weights:
    """The tensors whose addresses the library holds, kept alive, and the structs that hold them."""

    def __init__(self, packed: PackedModel, cache: KVCache) -> None:
        facts = packed.facts
        room = cache.keys[0].shape[2]
        self._tensors = dict(packed.tensors)
        for kind, factor in facts.rope_factors.items():
            self._tensors[f"rope.{kind}"] = rope_table(packed.tensors[f"rope.{kind}"], factor, room)
        self.shape = Shape(**facts.shape, room=room)
        self.layers = (Layer * self.shape.layers)(*(self._layer(packed, cache, i) for i in range(self.shape.layers)))
        self.embedding = address(self._tensors, "embedding")
        self.norm = address(self._tensors, "norm")
        self.head = linear(self._tensors, "head")

    def _layer(self, packed: PackedModel, cache: KVCache, index: int) -> Layer:
        name = f"layers.{index}"
        products = {part: linear(self._tensors, f"{name}.{part}") for part in PRODUCTS}
        norms = {part: address(self._tensors, f"{name}.{part}") for part in NORMS}
        return Layer(
            **products,
            **norms,
            rope=address(self._tensors, f"rope.{packed.facts.ropes[index]}"),  # none where positions are not turned
            keys=cache.keys[index].data_ptr(),
            values=cache.values[index].data_ptr(),
            window=packed.facts.windows[index],
        )


def address(tensors: Mapping[str, Tensor], name: str) -> int | None:
    """None, a null pointer, where the model has no such tensor."""
    tensor = tensors.get(name)
    assert tensor is None or tensor.is_contiguous()
    return None if tensor is None else tensor.data_ptr()


def linear(tensors: Mapping[str, Tensor], name: str) -> Linear:
    tiles, quads = tensors[f"{name}.weights"].shape[:2]
    addresses = (address(tensors, f"{name}.{part}") for part in ("weights", "scales", "bias"))
    return Linear(*addresses, inputs=quads * 4, outputs=tiles * LANES)
