"""Compares what a decoder computes through rows, chunks and adapter slots with what the model's own code answered."""

import itertools
from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from bot.engine.kv_cache import KVCache
from bot.engine.placement import Placement
from bot.engine.projections import LoraShare
from bot.engine.reference_logits import PROBE_ENDS, PROBE_RANK, ReferenceLogits
from bot.engine.step import Segment, Step

# Greatest angle between our logits and transformers' on the probe. Differences of rounding stay far below it; a wrong
# mask, position or adapter lies far above.
TOLERANCE = 0.02


class Probed(Protocol):
    def make_slots(self, slots: int, rank: int) -> None: ...

    def write_slot(self, slot: int, shares: dict[str, LoraShare]) -> None: ...

    def run(self, step: Step) -> Tensor: ...


@torch.inference_mode()
def agreement(decoder: Probed, cache: KVCache, reference: ReferenceLogits, placement: Placement) -> tuple[float, float]:
    """How alike a decoder's logits and the model's own are, 1 at most: without an adapter, and with the random one.

    The slots are empty afterwards.
    """
    decoder.make_slots(1, PROBE_RANK)
    decoder.write_slot(1, reference.shares)
    last = cache.keys[0].shape[0] - 1
    try:
        if last == 0:
            answers = [_answers(decoder, reference.ids, [(0, slot)], placement)[0] for slot in (0, 1)]
        else:
            answers = _answers(decoder, reference.ids, [(last, 0), (last - 1, 1)], placement)
    finally:
        decoder.make_slots(0, 0)
        for row in {last, max(0, last - 1)}:
            cache.clear(row)
    return _alike(answers[0], reference.plain), _alike(answers[1], reference.adapted)


def _answers(
    decoder: Probed, ids: tuple[int, ...], speakers: Sequence[tuple[int, int]], placement: Placement
) -> list[Tensor]:
    """Of each speaker (row and slot), all in one batch: the logits after each end, [ends, vocabulary]."""
    by_row = dict[int, list[Tensor]]((row, []) for row, _ in speakers)
    for start, stop in itertools.pairwise((0, *PROBE_ENDS)):
        segments = [Segment(row, slot, start, ids[start:stop]) for row, slot in speakers]
        step = Step.of(segments, placement.device, placement.dtype)
        for segment, logits in zip(step.segments, decoder.run(step), strict=True):
            by_row[segment.row].append(logits)
    return [torch.stack(by_row[row]) for row, _ in speakers]


def _alike(got: Tensor, expected: Tensor) -> float:
    """The least cosine of all ends; 0 where something is no number."""
    got, expected = (logits - logits.mean(-1, keepdim=True) for logits in (got, expected.to(got.device)))
    return nn.functional.cosine_similarity(got, expected, dim=-1).nan_to_num(0).min().item()
