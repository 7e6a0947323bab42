"""Whose turn it is in the waiting queue: channels share the rows fairly, however many requests each of them sends.

Start-time fair queueing (Goyal, Vin and Cheng, 1996) with requests of equal size. Knows no requests, only channels.
"""

REMEMBERED_CHANNELS = 1024


class FairTurns:
    def __init__(self, patience: int) -> None:
        """`patience`: starts after which a waiting request has moved up by one turn of its channel, at the latest."""
        self._patience = patience
        self._now = 0.0
        self._next: dict[str, float] = {}

    def take(self, channel: str) -> float:
        """The turn of a new request: the smallest goes first, and of equal ones the oldest.

        A channel's next request comes one turn after its last one; "" is a channel of its own each time.
        """
        turn = max(self._now, self._next.get(channel, 0.0))
        if channel:
            self._next[channel] = turn + 1
        if len(self._next) > REMEMBERED_CHANNELS:
            self._next = {channel: turn for channel, turn in self._next.items() if turn > self._now}
        return turn

    def started(self, turn: float) -> None:
        """A request has started. Turns move on a little each time, so that new channels cannot overtake for ever."""
        self._now = max(self._now, turn) + 1 / self._patience
