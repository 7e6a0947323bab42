"""The voters: honest members with a shared taste, trolls who vote the opposite, and members who vote at random.

Now and then an honest member who dislikes a reply writes a better one, as ✏️ lets them.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.learning.tastes import Taste

FIRST_ID = 1_000


@dataclass(frozen=True)
class Opinion:
    member: int
    up: bool
    better: str | None = None


@dataclass(frozen=True)
class Crowd:
    """`size` members, of which a share are trolls; with `at_random` nobody has a taste."""

    taste: Taste
    size: int = 10
    trolls: float = 0.0
    at_random: bool = False
    corrections: float = 0.0  # the share of honest dislikes that come with a better answer

    @property
    def ids(self) -> range:
        return range(FIRST_ID, FIRST_ID + self.size)

    def opinions(self, reply: str, voters: int, dice: random.Random) -> Iterator[Opinion]:
        """What `voters` different members think of a reply."""
        for member in dice.sample(self.ids, voters):
            yield self._opinion(member, reply, dice)

    def _opinion(self, member: int, reply: str, dice: random.Random) -> Opinion:
        if self.at_random:
            return Opinion(member, dice.random() < 0.5)
        if member - FIRST_ID < round(self.trolls * self.size):
            return Opinion(member, not self.taste.likes(reply))
        if self.taste.likes(reply) or self.taste.mend is None or dice.random() >= self.corrections:
            return Opinion(member, self.taste.likes(reply))
        return Opinion(member, False, self.taste.mend(reply))
