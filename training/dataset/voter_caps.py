"""Limits how much one member may bring into a dataset, so that nobody's flood of votes decides alone."""

from collections import Counter
from collections.abc import Collection, Iterable

FLOOR = 10  # everyone may bring this many, however few the others brought


def fair_cap(brought: Counter[int], share: float) -> int:
    """The largest count c such that who is cut to c brings at most `share` of what is left of all; at least FLOOR.

    With a share of a half and two members who brought 100 each, that is 100; with one who brought 1,000 and another
    who brought 20, it is 20.
    """
    low, high = FLOOR, max(brought.values(), default=0)
    while low < high:
        middle = (low + high + 1) // 2
        if middle <= share * sum(min(count, middle) for count in brought.values()):
            low = middle
        else:
            high = middle - 1
    return low


class Budgets:
    """What each member may still bring. `supporters`: for each candidate, the members who stand behind it."""

    def __init__(self, supporters: Iterable[Collection[int]], share: float) -> None:
        self._cap = fair_cap(Counter(member for members in supporters for member in members), share)
        self._spent: Counter[int] = Counter()

    def admit(self, members: Collection[int], needed: int = 1) -> bool:
        """Charge the candidate to those of its supporters who have budget left; False when they are too few."""
        able = [member for member in members if self._spent[member] < self._cap]
        if len(able) < needed:
            return False
        self._spent.update(able)
        return True
