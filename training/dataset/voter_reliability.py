"""How far each voter is to be believed, and from that what a set of votes says of a reply. Knows no texts.

The one-coin model of Dawid and Skene (1979): each voter is right with a chance of their own. What "the others" say of a
reply leaves the voter's own vote out (as in the messages of Karger, Oh and Shah, 2011), so that nobody confirms
themselves. Who contradicts the others is ignored, never inverted: they may be a troll, or have a taste of their own;
neither should decide. (With a coin each for likes and dislikes, members who agree that all is well would seem to tell
nothing.)
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# What is believed of a voter before any evidence: 3 of 4 votes are as the others'. It is outweighed by a few replies.
PRIOR_RIGHT, PRIOR_WRONG = 3.0, 1.0
ROUNDS = 25


@dataclass(frozen=True)
class Ballot:
    """One vote: +1 or -1 of `voter` on `reply`."""

    reply: int
    voter: int
    value: int


@dataclass(frozen=True)
class Opinions:
    """`approval[reply]` in (0, 1): how likely the voters together make it that the reply is good.

    `weights[voter]`: how much a vote of theirs counts, in log odds, 0.0 where it tells nothing.
    """

    approval: dict[int, float]
    weights: dict[int, float]

    def unreliable(self) -> set[int]:
        """Voters whose votes tell nothing, because they are as often against the others as with them, or more."""
        return {voter for voter, weight in self.weights.items() if weight <= 0}


def contradicting(opinions: Opinions, ballots: Iterable[Ballot]) -> set[int]:
    """Voters, outside of those who formed the opinions, who are as often against them as with them, or more."""
    right: defaultdict[int, float] = defaultdict(lambda: PRIOR_RIGHT)
    votes: Counter[int] = Counter()
    for ballot in ballots:
        approval = opinions.approval.get(ballot.reply)
        if approval is not None:
            right[ballot.voter] += approval if ballot.value > 0 else 1.0 - approval
            votes[ballot.voter] += 1
    return {voter for voter, count in votes.items() if right[voter] <= (count + PRIOR_RIGHT + PRIOR_WRONG) / 2}


def weigh(ballots: Sequence[Ballot], doubted: Collection[int] = (), share: float = 1.0) -> Opinions:
    """Estimate voters and replies together, from the majority onwards, in a fixed number of rounds.

    The votes of `doubted` voters weigh only `share` of what they would.
    """
    if not ballots:
        return Opinions({}, {})
    replies, reply_of = _numbered(ballot.reply for ballot in ballots)
    voters, voter_of = _numbered(ballot.voter for ballot in ballots)
    value = np.array([ballot.value for ballot in ballots], dtype=np.float64)
    judged = _has_company(reply_of, len(replies))
    trust = np.array([share if voter in doubted else 1.0 for voter in voters])
    weights = np.log(PRIOR_RIGHT / PRIOR_WRONG) * trust
    for _ in range(ROUNDS):
        said = value * weights[voter_of]
        others = _sums(reply_of, said, len(replies))[reply_of] - said
        agreed = _sums(voter_of, judged * _chance(value * others), len(voters))
        right = (agreed + PRIOR_RIGHT) / (_sums(voter_of, judged, len(voters)) + PRIOR_RIGHT + PRIOR_WRONG)
        weights = np.maximum(np.log(right / (1.0 - right)), 0.0) * trust
    approval = _chance(_sums(reply_of, value * weights[voter_of], len(replies)))
    return Opinions(
        dict(zip(replies, approval.tolist(), strict=True)), dict(zip(voters, weights.tolist(), strict=True))
    )


def _chance(log_odds: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-np.clip(log_odds, -30, 30)))


def _has_company(reply_of: Ints, replies: int) -> Floats:
    """1.0 for votes on replies that others voted on too: the rest say nothing of the voter."""
    votes = _sums(reply_of, np.ones(len(reply_of)), replies)
    return np.minimum(votes[reply_of] - 1.0, 1.0)


def _sums(places: Ints, values: Floats, length: int) -> Floats:
    return np.bincount(places, values, length).astype(np.float64)


def _numbered(ids: Iterable[int]) -> tuple[list[int], Ints]:
    """The distinct ids in order of appearance, and the place of each in that list."""
    places: dict[int, int] = {}
    found = np.array([places.setdefault(one, len(places)) for one in ids], dtype=np.int64)
    return list(places), found
