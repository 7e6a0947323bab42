"""Owns the decision whether a candidate may speak: a pure function from measured figures to a verdict with reasons."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Figures:
    """What was measured of one version, or of the base model alone. Losses are nats per completion token.

    `liked_loss` is None where no held-out liked replies exist; `degenerate` counts broken ones among `answers`.
    """

    liked_loss: float | None
    preservation_loss: float
    answers: int
    degenerate: int

    @property
    def degenerate_rate(self) -> float:
        return self.degenerate / self.answers if self.answers else 0.0


@dataclass(frozen=True)
class Thresholds:
    max_liked_loss_ratio: float
    max_preservation_loss_ratio: float
    max_degenerate_rate: float


@dataclass(frozen=True)
class Verdict:
    """`reasons` has one sentence per criterion, `refusals` those among them that speak against the candidate."""

    reasons: tuple[str, ...]
    refusals: tuple[str, ...]

    @property
    def accepted(self) -> bool:
        return not self.refusals


def judge(candidate: Figures, active: Figures | None, base: Figures, thresholds: Thresholds) -> Verdict:
    """Compare the candidate with the version that speaks, or with the base model where none does.

    Preservation is compared with the better of both, so that knowledge cannot leak away a little per version.
    """
    rival, name = (base, "the base model") if active is None else (active, "the active version")
    criteria = [
        _liked(candidate.liked_loss, rival.liked_loss, name, thresholds.max_liked_loss_ratio),
        _ratio(
            "ordinary questions",
            candidate.preservation_loss,
            min(rival.preservation_loss, base.preservation_loss),
            "the better of the active version and the base model" if active else name,
            thresholds.max_preservation_loss_ratio,
        ),
        _degenerate(candidate, thresholds.max_degenerate_rate),
    ]
    return Verdict(
        reasons=tuple(reason for _, reason in criteria),
        refusals=tuple(reason for passed, reason in criteria if not passed),
    )


def _liked(candidate: float | None, rival: float | None, name: str, limit: float) -> tuple[bool, str]:
    if candidate is None or rival is None:
        return True, "held-out liked replies: there are none yet, so this was not measured"
    return _ratio("held-out liked replies", candidate, rival, name, limit)


def _ratio(what: str, candidate: float, rival: float, name: str, limit: float) -> tuple[bool, str]:
    passed = math.isfinite(candidate) and candidate <= limit * rival
    relation = "within" if passed else "above"
    return passed, (
        f"{what}: loss {candidate:.3f}, {name} has {rival:.3f}; {relation} the allowed {limit:.2f} times that"
    )


def _degenerate(candidate: Figures, limit: float) -> tuple[bool, str]:
    if candidate.answers == 0:
        return True, "degenerate answers: the persona has no held-out prompts, so this was not measured"
    passed = candidate.degenerate_rate <= limit
    relation = "within" if passed else "above"
    return passed, (
        f"degenerate answers: {candidate.degenerate} of {candidate.answers} "
        f"({candidate.degenerate_rate:.0%}); {relation} the allowed {limit:.0%}"
    )
