"""Owns a model in the compiled decoder's form: runs its steps and holds its adapters' weights.

What a token gets depends on its own row only, to the last bit: neither on the rows beside it nor on how its prompt
was cut into chunks.
"""

import ctypes
from typing import Any

import torch
from torch import Tensor, nn

from bot.engine.kv_rows import RowCache
from bot.engine.native.structs import PARTS, Layer, Share
from bot.engine.native.structs import Step as NativeStep
from bot.engine.native.weights import Keeper, layers_of, shape_of
from bot.engine.projections import LoraShare
from bot.engine.step import Step


class NativeDecoder:
    """Reads and writes the rows of `cache`, whose tensors must be bfloat16; owns everything else it needs."""

    def __init__(self, library: ctypes.CDLL, model: Any, cache: RowCache) -> None:
        """`model` may be dropped afterwards; `refuse_unknown` must have let it pass."""
        self._handle: int | None = None
        self._library = library
        self._cache = cache
        self._keeper = Keeper()
        self._vocabulary = int(model.config.get_text_config().vocab_size)
        self._layers = {
            name: (module.in_features, module.out_features)
            for name, module in model.named_modules()
            if isinstance(module, nn.Linear) and name.endswith(PARTS)
        }
        self._shape = shape_of(model, cache)
        self._packed = (Layer * self._shape.layers)(*layers_of(model, cache, self._keeper))
        self._embedding = self._keeper.address(model.get_input_embeddings().weight.detach().to(torch.bfloat16))
        self._norm = self._keeper.norm(model.model.norm)
        self._head = self._keeper.linear([model.get_output_embeddings()])
        self.make_slots(0, 0)

    def adaptable_layers(self) -> dict[str, tuple[int, int]]:
        """Name → inputs and outputs of every linear layer that an adapter may change."""
        return dict(self._layers)

    def make_slots(self, slots: int, rank: int) -> None:  # noqa: ARG002 — each slot takes the room its adapter needs
        """Room for `slots` adapters besides slot 0; what slots held is gone."""
        self.close()
        self._shape.slots = slots + 1
        self._handle = self._library.troupe_make(
            ctypes.byref(self._shape),
            self._packed,
            self._embedding,
            self._norm,
            ctypes.byref(self._head),
            torch.get_num_threads(),
        )

    def write_slot(self, slot: int, shares: dict[str, LoraShare]) -> None:
        """Put an adapter into a slot that no row uses. Steps may run on another thread meanwhile."""
        given = {name: (_floats(share.a), _floats(share.b)) for name, share in shares.items()}
        table = (Share * (self._shape.layers * len(PARTS)))()
        for name, (a, b) in given.items():
            table[self._place(name)] = Share(a.data_ptr(), b.data_ptr(), a.shape[0])
        self._library.troupe_set_slot(self._handle, slot, table)  # copies them

    def _place(self, name: str) -> int:
        """Of "model.layers.3.self_attn.q_proj" in the table of shares."""
        words = name.split(".")
        return int(words[2]) * len(PARTS) + PARTS.index(words[-1])

    def run(self, step: Step) -> Tensor:
        """The logits after each segment's last token, float32 [segments, vocabulary]."""
        ids, rows, positions, keep = (
            t.flatten().int() for t in (step.ids, step.rows, step.positions, step.last_tokens)
        )
        slots = torch.tensor([s.slot for s in step.segments for _ in s.ids], dtype=torch.int32)
        logits = torch.empty(len(keep), self._head.outputs)
        native = NativeStep(len(ids), len(keep), *(t.data_ptr() for t in (ids, rows, positions, slots, keep, logits)))
        self._library.troupe_run(self._handle, ctypes.byref(native))
        return logits[:, : self._vocabulary]

    def close(self) -> None:
        """Ends its threads. Slots must be made again before the next step."""
        if self._handle is not None:
            self._library.troupe_free(self._handle)
            self._handle = None

    def __del__(self) -> None:
        self.close()


def _floats(tensor: Tensor) -> Tensor:
    return tensor.float().contiguous()
