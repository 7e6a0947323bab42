"""How long a waiting request will wait, from how long the ones before it will run."""

import heapq
from collections.abc import Iterable


def seconds_until_start(free_rows: int, running: Iterable[float | None], ahead: Iterable[float | None]) -> float | None:
    """Seconds until a row is free for whoever waits behind `ahead`: the seconds each of those will run, in turn.

    `running`: how long each occupied row stays so; None where that is not known. 0 where a row is free already.
    """
    ends = [0.0] * free_rows
    for left in running:
        if left is None:
            return None
        ends.append(left)
    heapq.heapify(ends)
    for seconds in ahead:
        if not ends:
            return None
        heapq.heapreplace(ends, ends[0] + (seconds or 0.0))
    return ends[0] if ends else None
