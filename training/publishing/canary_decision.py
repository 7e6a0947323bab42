"""When a canary has been heard enough: a test of live votes that may be looked at after every vote. Pure.

Votes on the canary and on the active version are Bernoulli with unknown rates. The test's evidence is

    e = B(1 + l₁, 1 + d₁) · B(1 + l₂, 1 + d₂) / (p̂^(l₁+l₂) · (1 − p̂)^(d₁+d₂))

for l likes and d dislikes of each, B the beta function and p̂ the pooled share of likes: the likelihood of both under
their own unknown rates (uniform priors), over the largest one that a common rate can reach. Under a common rate p, e is
at most a product of two beta-binomial mixture martingales (Robbins, 1970), so by Ville's inequality it ever reaches
1/error with a probability of at most `error`, however often one looks and whenever one stops. A t-test or a fixed-size
test repeated after every vote would promise that wrongly; mSPRT (Johari et al., 2017) is the same idea for normal data.
"""

import math
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class Votes:
    """What members thought of one version. A member counts a few times at most, so that nobody decides alone."""

    likes: int
    dislikes: int

    @property
    def total(self) -> int:
        return self.likes + self.dislikes

    @property
    def share(self) -> float:
        return self.likes / self.total if self.total else 0.5

    def __str__(self) -> str:
        return f"{self.likes} of {self.total}" if self.total else "no votes"


class Decision(StrEnum):
    PROMOTE = "promote"
    ROLL_BACK = "roll back"
    WAIT = "wait"


@dataclass(frozen=True)
class Hearing:
    decision: Decision
    reason: str


@dataclass(frozen=True)
class Patience:
    """`error`: how often equal versions may be told apart. Then, after so many votes or days, the larger share wins."""

    error: float
    most_votes: int
    most_days: float


def hear(canary: Votes, active: Votes, days: float, patience: Patience) -> Hearing:
    """What the votes since the canary's start say, `days` after it."""
    figures = f"the canary was liked in {canary}, the active version in {active}"
    found = evidence(canary, active)
    if found >= 1 / patience.error:
        better = canary.share > active.share
        decision = Decision.PROMOTE if better else Decision.ROLL_BACK
        return Hearing(decision, f"{figures}: {'better' if better else 'worse'}, with evidence {found:.0f} to 1")
    if canary.total >= patience.most_votes or days >= patience.most_days:
        decision = Decision.PROMOTE if canary.share >= active.share else Decision.ROLL_BACK
        heard = f"{canary.total} votes and {days:.1f} days do not decide it"
        return Hearing(decision, f"{figures}: {heard}, so the one with more likes wins")
    return Hearing(
        Decision.WAIT, f"{figures}: not decided yet (evidence {found:.1f}; it takes {1 / patience.error:.0f})"
    )


def evidence(one: Votes, other: Votes) -> float:
    """The e-value against a common rate of likes; 1.0 without votes."""
    likes, dislikes = one.likes + other.likes, one.dislikes + other.dislikes
    common = _entropy(likes, dislikes)
    return math.exp(min(_log_beta(one) + _log_beta(other) - common, 700.0))


def _log_beta(votes: Votes) -> float:
    return math.lgamma(1 + votes.likes) + math.lgamma(1 + votes.dislikes) - math.lgamma(2 + votes.total)


def _entropy(likes: int, dislikes: int) -> float:
    """The log-likelihood under the pooled share of likes."""
    total = likes + dislikes
    return sum(count * math.log(count / total) for count in (likes, dislikes) if count)
