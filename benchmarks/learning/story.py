"""What became of a crowd's persona, and what must have become of it: the targets of `make learn`. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

KNOWLEDGE_KEPT = 0.95
ENOUGH = 0.9  # approval that is enough, wherever it began
# By how much approval must rise. Votes at random ask for nothing, but the persona may not get worse.
RISES = {"honest": 0.4, "trolls": 0.3}
NOISE = 0.05  # of broken answers: one or two of thirty


@dataclass(frozen=True)
class Heard:
    """What a round of votes brought."""

    up: int
    down: int
    better_answers: int


@dataclass(frozen=True)
class Standing:
    """The version that speaks: `known` knowledge probes answered right, `degenerate` of its answers broken."""

    approval: float
    known: int
    degenerate: float

    @classmethod
    def measured(cls, approval: float, figures: Mapping[str, Any]) -> "Standing":
        """`figures`: of one version, in the report of an evaluation."""
        return cls(approval, figures["knowledge"]["right"], figures["degenerate_rate"])


@dataclass(frozen=True)
class Round:
    """One round of votes, what the gate said of the version they made, and how the persona stands after it."""

    heard: Heard
    promoted: bool
    refusals: tuple[str, ...]
    after: Standing
    seconds: float  # of training and evaluation


@dataclass(frozen=True)
class Story:
    crowd: str
    before: Standing
    rounds: tuple[Round, ...]
    minutes: float

    @property
    def end(self) -> Standing:
        return self.rounds[-1].after

    @property
    def rise(self) -> float:
        return self.end.approval - self.before.approval

    @property
    def knowledge_kept(self) -> float:
        return self.end.known / self.before.known if self.before.known else 1.0

    @property
    def unmet(self) -> list[str]:
        """What it misses, a sentence each."""
        return list(self._misses())

    def _misses(self) -> Iterator[str]:
        needed = RISES.get(self.crowd)
        if needed is not None and self.rise < needed and self.end.approval < ENOUGH:
            yield f"approval rose by {self.rise * 100:.0f} points, not {needed * 100:.0f}, and not to {ENOUGH:.0%}"
        if self.knowledge_kept < KNOWLEDGE_KEPT:
            yield f"knowledge kept is {self.knowledge_kept:.0%}, not {KNOWLEDGE_KEPT:.0%}"
        if self.end.degenerate > self.before.degenerate + NOISE:
            yield f"broken answers rose from {self.before.degenerate:.0%} to {self.end.degenerate:.0%}"
