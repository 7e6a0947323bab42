"""What one forward pass works on: segments of rows, flattened into one line of tokens.

A decoding row brings one token, a row in prefill brings a chunk; both ride in the same pass. Single-token segments
come first, so that their attention is one batched product. Knows nothing of requests or sampling.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

# Attention reads this many positions at a time, so that its shapes change seldom while rows grow.
SPAN_STEP = 64


@dataclass(frozen=True)
class Segment:
    """`ids` are the tokens of `row` at positions `start`, `start + 1`, …; `slot` 0 is the base model alone."""

    row: int
    slot: int
    start: int
    ids: tuple[int, ...]

    @property
    def end(self) -> int:
        return self.start + len(self.ids)


@dataclass(frozen=True)
class Step:
    """The segments of one pass, single-token ones first, and the tensors that every layer shares.

    `ids`, `positions`: int64 [1, tokens]; `rows`: int64 [tokens], the row of each token.
    """

    segments: tuple[Segment, ...]
    device: torch.device
    dtype: torch.dtype
    _masks: dict[tuple[object, ...], Tensor] = field(default_factory=dict)

    @classmethod
    def of(cls, segments: Sequence[Segment], device: torch.device, dtype: torch.dtype) -> "Step":
        ordered = sorted(segments, key=lambda segment: (len(segment.ids) > 1, segment.row))
        return cls(tuple(ordered), device, dtype)

    @cached_property
    def singles(self) -> tuple[Segment, ...]:
        return tuple(segment for segment in self.segments if len(segment.ids) == 1)

    @cached_property
    def chunks(self) -> tuple[tuple[Segment, int], ...]:
        """The longer segments, each with the index of its first token in the line."""
        found, offset = [], len(self.singles)
        for segment in self.segments[len(self.singles) :]:
            found.append((segment, offset))
            offset += len(segment.ids)
        return tuple(found)

    @property
    def ids(self) -> Tensor:
        return self._uploaded[0][None]

    @property
    def positions(self) -> Tensor:
        return self._uploaded[1][None]

    @property
    def rows(self) -> Tensor:
        return self._uploaded[2]

    @property
    def last_tokens(self) -> Tensor:
        """int64 [segments]: where in the line each segment ends."""
        return self._uploaded[3]

    @cached_property
    def _uploaded(self) -> tuple[Tensor, ...]:
        """Ids, positions, rows and last tokens, which travel to the device in one copy."""
        ids = [i for s in self.segments for i in s.ids]
        positions = [p for s in self.segments for p in range(s.start, s.end)]
        rows = [s.row for s in self.segments for _ in s.ids]
        ends = [end - 1 for end in itertools.accumulate(len(s.ids) for s in self.segments)]
        sizes = [len(ids), len(positions), len(rows), len(ends)]
        return torch.split(torch.tensor([*ids, *positions, *rows, *ends], device=self.device), sizes)

    @cached_property
    def single_rows(self) -> slice | Tensor:
        """The rows of the single-token segments: a slice where they are neighbours, which then costs no copy."""
        rows = [segment.row for segment in self.singles]
        if rows[-1] - rows[0] == len(rows) - 1:
            return slice(rows[0], rows[-1] + 1)
        return self.rows[: len(rows)]

    @cached_property
    def single_span(self) -> int:
        """How many positions the attention of the single-token segments reads."""
        return -(-max(segment.end for segment in self.singles) // SPAN_STEP) * SPAN_STEP

    def single_mask(self, window: int | None) -> Tensor:
        """Additive mask [singles, 1, 1, span]: each row sees its own past, `window` tokens at most."""
        key = ("singles", window)
        if key not in self._masks:
            own = self.positions[0, : len(self.singles)]
            self._masks[key] = self._mask(own, self.single_span, window)[:, None, None]
        return self._masks[key]

    def chunk_mask(self, segment: Segment, window: int | None, groups: int) -> Tensor:
        """Additive mask [1, 1, groups * tokens, segment.end], the same for each of `groups` query heads."""
        key = (segment.row, window, groups)
        if key not in self._masks:
            own = torch.arange(segment.start, segment.end, device=self.device)
            mask = self._mask(own, segment.end, window)
            self._masks[key] = mask.repeat(groups, 1)[None, None]
        return self._masks[key]

    def _mask(self, queries: Tensor, span: int, window: int | None) -> Tensor:
        keys = torch.arange(span, device=self.device)
        hidden = keys > queries[:, None]
        if window is not None:
            hidden |= keys <= queries[:, None] - window
        return torch.zeros(hidden.shape, device=self.device, dtype=self.dtype).masked_fill_(hidden, float("-inf"))
