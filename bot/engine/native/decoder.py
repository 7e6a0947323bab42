"""Runs the steps of a model in the compiled decoder and holds its adapters' weights.

What a token gets depends on its own row only, to the last bit: neither on the rows beside it nor on how its prompt
was cut into chunks.
"""

import ctypes
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from bot.engine.kv_cache import KVCache
from bot.engine.native.packing import PackedModel
from bot.engine.native.structs import PARTS, Move, NativeStep, Share
from bot.engine.native.weights import Weights
from bot.engine.prefix_cache import BLOCK
from bot.engine.projections import LoraShare
from bot.engine.step import Step


class NativeDecoder:
    """Reads and writes the rows of `cache`, whose tensors must be bfloat16; owns everything else it needs."""

    def __init__(self, library: ctypes.CDLL, packed: PackedModel, cache: KVCache) -> None:
        self._handle: int | None = None
        self._library = library
        self._cache = cache
        self._weights = Weights(packed, cache)
        self._adaptable = packed.facts.adaptable
        self.make_slots(0, 0)

    @property
    def arithmetic(self) -> str:
        return Path(self._library._name).stem  # made from source, flags, compiler and processor

    def adaptable_layers(self) -> dict[str, tuple[int, int]]:
        """Name → inputs and outputs of every linear layer that an adapter may change."""
        return {name: (inputs, outputs) for name, (inputs, outputs) in self._adaptable.items()}

    def make_slots(self, slots: int, rank: int) -> None:  # noqa: ARG002 — each slot takes the room its adapter needs
        """Room for `slots` adapters besides slot 0; what slots held is gone."""
        self.close()
        weights = self._weights
        weights.shape.slots = slots + 1
        self._handle = self._library.troupe_make(
            ctypes.byref(weights.shape),
            weights.layers,
            weights.embedding,
            weights.norm,
            ctypes.byref(weights.head),
            torch.get_num_threads(),
        )

    def write_slot(self, slot: int, shares: dict[str, LoraShare]) -> None:
        """Put an adapter into a slot that no row uses. Steps may run on another thread meanwhile."""
        given = {name: (_floats(share.a), _floats(share.b)) for name, share in shares.items()}
        table = (Share * (self._weights.shape.layers * len(PARTS)))()
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
        logits = torch.empty(len(keep), self._weights.head.outputs)
        native = NativeStep(len(ids), len(keep), *(t.data_ptr() for t in (ids, rows, positions, slots, keep, logits)))
        self._library.troupe_run(self._handle, ctypes.byref(native))
        return logits[:, : self._weights.shape.vocabulary]

    def save_prefix(self, row: int, first: int, blocks: Sequence[int]) -> None:
        """Copy what lies in the row from its block number `first` on to these blocks of the prefix cache."""
        self._move(row, first, blocks, to_shelf=True)

    def restore_prefix(self, row: int, first: int, blocks: Sequence[int]) -> None:
        """Copy these blocks of the prefix cache to the row, from its block number `first` on."""
        self._move(row, first, blocks, to_shelf=False)

    def _move(self, row: int, first: int, blocks: Sequence[int], *, to_shelf: bool) -> None:
        places = (ctypes.c_int32 * len(blocks))(*blocks)
        kept = self._cache.prefix_blocks
        shelf = (ctypes.c_void_p * len(kept))(*(tensor.data_ptr() for tensor in kept))
        addresses = (ctypes.cast(table, ctypes.c_void_p) for table in (places, shelf))
        self._library.troupe_move(self._handle, Move(row, first, len(blocks), BLOCK, *addresses, to_shelf))

    def close(self) -> None:
        """Ends its threads. Slots must be made again before the next step."""
        if self._handle is not None:
            self._library.troupe_free(self._handle)
            self._handle = None

    def __del__(self) -> None:
        self.close()


def _floats(tensor: Tensor) -> Tensor:
    return tensor.float().contiguous()
