"""The linear layers of the served model: neighbours that read one input become one product, and every row of a step
gets its own adapter's share added.

A slot holds one adapter's A and B per projection, padded with zeros to the largest rank; slot 0 is no adapter.
"""

import itertools
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from bot.engine.step import Step
from bot.engine.system_memory import lazy_zeros

# Siblings that transformers' decoders call with the same input.
FUSED = (("q_proj", "k_proj", "v_proj"), ("gate_proj", "up_proj"))

MakeProduct = Callable[[Sequence[nn.Linear]], nn.Module]


@dataclass(frozen=True)
class LoraShare:
    """One adapter's part of one linear layer: `a` [rank, inputs], `b` [outputs, rank], scaling included in `b`."""

    a: Tensor
    b: Tensor


class Binding:
    """Which slots the tokens of the current step use; shared by all projections of a model."""

    def __init__(self) -> None:
        self.slots: tuple[int, ...] = ()  # of the single-token segments; empty when none of them has an adapter
        self.rank = 0
        self.chunks: tuple[tuple[int, int, int], ...] = ()  # slot, start and stop in the line of tokens

    def bind(self, step: Step, ranks: Sequence[int]) -> None:
        """`ranks`: the rank of each slot's adapter."""
        slots = tuple(segment.slot for segment in step.singles)
        chunks = [(segment.slot, offset, offset + len(segment.ids)) for segment, offset in step.chunks]
        if len(slots) > 0 and len(set(slots)) == 1:
            chunks.append((slots[0], 0, len(slots)))
            slots = ()
        self.slots = slots if any(slots) else ()
        self.rank = max((ranks[slot] for slot in self.slots), default=0)
        self.chunks = tuple(chunk for chunk in chunks if chunk[0] != 0)


class Projection(nn.Module):
    """One product for `names` (full names in the model), whose outputs lie side by side, plus LoRA per token."""

    def __init__(self, names: Sequence[str], layers: Sequence[nn.Linear], make_product: MakeProduct) -> None:
        super().__init__()
        self.names = tuple(names)
        self.inputs = layers[0].in_features
        stops = [0]
        for layer in layers:
            stops.append(stops[-1] + layer.out_features)
        self.bounds = tuple(itertools.pairwise(stops))
        self.base = make_product(layers)
        self._binding = Binding()
        self._a = self._b = torch.empty(0)
        self._gathered: tuple[tuple[int, ...], int, Tensor, Tensor] | None = None
        self._last: tuple[Tensor, Tensor] | None = None

    def make_slots(self, slots: int, rank: int, like: Tensor, binding: Binding) -> None:
        outputs = self.bounds[-1][1]
        self._a = lazy_zeros(like, slots, self.inputs, len(self.names), rank)
        self._b = lazy_zeros(like, slots, rank, outputs)
        self._binding = binding

    def write_slot(self, slot: int, shares: dict[str, LoraShare]) -> None:
        """Replace the slot's content, while steps run on another thread. No row may use the slot."""
        self._a[slot].zero_()
        self._b[slot].zero_()
        for part, (name, (start, stop)) in enumerate(zip(self.names, self.bounds, strict=True)):
            if (share := shares.get(name)) is not None:
                rank = share.a.shape[0]
                self._a[slot, :, part, :rank] = _beside(share.a, self._a).t()
                self._b[slot, :rank, start:stop] = _beside(share.b, self._b).t()
        gathered = self._gathered
        if gathered is not None and slot in gathered[0]:
            self._gathered = None

    def forward(self, x: Tensor) -> Tensor:
        """[..., inputs] of all tokens of the step → [..., outputs of all names]. Some models flatten the tokens."""
        if x.dim() != 3:
            flat: Tensor = self(x.reshape(1, -1, self.inputs))
            return flat.view(*x.shape[:-1], -1)
        out: Tensor = self.base(x)
        if self._binding.slots:
            self._add_singles(x, out)
        for slot, start, stop in self._binding.chunks:
            self._add_chunk(slot, x[0, start:stop], out[0, start:stop])
        return out

    def part(self, x: Tensor, index: int) -> Tensor:
        """The output of one name; the product is computed once for all names that are asked with the same `x`."""
        if self._last is None or self._last[0] is not x:
            self._last = (x, self(x))
        start, stop = self.bounds[index]
        out = self._last[1][..., start:stop]
        if index == len(self.names) - 1:
            self._last = None
        return out

    def _add_singles(self, x: Tensor, out: Tensor) -> None:
        slots, rank = self._binding.slots, self._binding.rank
        a, b = self._gather(slots, rank)
        low = torch.bmm(x[0, : len(slots), None], a)
        for part, (start, stop) in enumerate(self.bounds):
            share = torch.bmm(low[..., part * rank : (part + 1) * rank], b[..., start:stop])
            out[0, : len(slots), start:stop].add_(share[:, 0])

    def _gather(self, slots: tuple[int, ...], rank: int) -> tuple[Tensor, Tensor]:
        """The slots' weights side by side, kept until the batch changes."""
        gathered = self._gathered  # once: the loader's thread may drop it
        if gathered is None or gathered[:2] != (slots, rank):
            index = torch.tensor(slots, device=self._a.device)
            a = self._a[index, :, :, :rank].reshape(len(slots), self.inputs, -1)
            gathered = self._gathered = (slots, rank, a, self._b[index, :rank])
        return gathered[2], gathered[3]

    def _add_chunk(self, slot: int, x: Tensor, out: Tensor) -> None:
        rank = self._a.shape[3]
        low = x @ self._a[slot].view(self.inputs, -1)
        for part, (start, stop) in enumerate(self.bounds):
            out[:, start:stop].addmm_(low[:, part * rank : (part + 1) * rank], self._b[slot, :, start:stop])


def _beside(weights: Tensor, slots: Tensor) -> Tensor:
    """The weights on the device and in the dtype of `slots`; a GPU fetches them itself, from pinned memory."""
    if slots.device.type != "cuda":
        return weights.to(slots)
    return weights.contiguous().pin_memory().to(slots.device, non_blocking=True).to(slots.dtype)


class ProjectionPart(nn.Module):
    """Stands where a fused linear layer stood in the model; the projection itself is shared, not owned."""

    def __init__(self, projection: Projection, index: int) -> None:
        super().__init__()
        self._shared = (projection,)
        self._index = index

    def forward(self, x: Tensor) -> Tensor:
        return self._shared[0].part(x, self._index)


def install_projections(model: nn.Module, adaptable: Collection[str], make_product: MakeProduct) -> list[Projection]:
    """Replace these linear layers of `model` by projections; returns them in the model's order."""
    projections = []
    for prefix, parent in list(model.named_modules()):
        own = [name for name, _ in parent.named_children() if _full(prefix, name) in adaptable]
        for names in _groups({name: parent.get_submodule(name) for name in own}):
            layers = [parent.get_submodule(name) for name in names]
            full_names = [_full(prefix, name) for name in names]
            projection = Projection(full_names, [_as_linear(layer) for layer in layers], make_product)
            projections.append(projection)
            for index, name in enumerate(names):
                setattr(parent, name, projection if len(names) == 1 else ProjectionPart(projection, index))
    return projections


def _full(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


def _groups(linears: dict[str, nn.Module]) -> Iterator[tuple[str, ...]]:
    """The linear children of one module, siblings that share their input together."""
    for names in FUSED:
        members = [linears.get(name) for name in names]
        if all(_fusible(member) for member in members) and len({m.in_features for m in members if m}) == 1:
            yield names
            for name in names:
                del linears[name]
    for name in linears:
        yield (name,)


def _fusible(layer: nn.Module | None) -> bool:
    """bitsandbytes' layers are nn.Linear by inheritance, but their weights cannot be laid side by side."""
    return type(layer) is nn.Linear


def _as_linear(layer: nn.Module) -> nn.Linear:
    assert isinstance(layer, nn.Linear)
    return layer


def float_product(layers: Sequence[nn.Linear]) -> nn.Module:
    """The layers' weights side by side, in their own dtype; a single layer as it is."""
    if len(layers) == 1:
        return layers[0]
    weight = torch.cat([layer.weight.detach() for layer in layers])
    fused = nn.Linear(weight.shape[1], weight.shape[0], bias=False, device="meta")
    fused.weight = nn.Parameter(weight, requires_grad=False)
    fused.bias = stacked_bias(layers)
    return fused


def stacked_bias(layers: Sequence[nn.Linear]) -> Any:
    """The layers' biases side by side, zeros where a layer has none; None where no layer has one."""
    biases: list[Tensor | None] = [layer.bias for layer in layers]
    if not any(bias is not None for bias in biases):
        return None
    parts = [
        layer.weight.new_zeros(layer.out_features) if bias is None else bias.detach()
        for layer, bias in zip(layers, biases, strict=True)
    ]
    return nn.Parameter(torch.cat(parts), requires_grad=False)
