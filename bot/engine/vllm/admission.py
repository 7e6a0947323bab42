"""Who waits for a server and whose turn it is: a position, an estimated wait, a bound. Used on one event loop only."""

from collections.abc import Callable, Iterator

from bot.engine.fair_turns import FairTurns
from bot.engine.live_request import LiveRequest
from bot.engine.queue_shares import check_room
from bot.engine.step_times import StepTimes
from bot.engine.waiting_time import seconds_until_start


class Admission:
    """The waiting queue before the servers. What runs there is known, so that waits can be estimated."""

    def __init__(self, rows: int, queue_size: int, free_rows: Callable[[], int]) -> None:
        self.step_times = StepTimes(most_prefill=0)
        self.running: list[LiveRequest] = []
        self._queue_size = queue_size
        self._free_rows = free_rows
        self._turns = FairTurns(patience=rows + queue_size)
        self._waiting: list[LiveRequest] = []

    @property
    def waiting(self) -> list[LiveRequest]:
        """In the order in which they will start."""
        return sorted(self._waiting, key=lambda live: live.turn)

    def enter(self, live: LiveRequest) -> None:
        """Raises QueueFull when no row is free and the queue, or the share of a channel or server, is full."""
        places = self._queue_size + max(self._free_rows(), 0)
        check_room(live.request, [other.request for other in self._waiting], places)
        live.turn = self._turns.take(live.request.channel)
        self._waiting.append(live)

    def come_back(self, live: LiveRequest) -> None:
        """One that a server lost waits again, with the turn it had."""
        self.running.remove(live)
        self._waiting.append(live)

    def start(self, live: LiveRequest) -> None:
        self._turns.started(live.turn)
        self._waiting.remove(live)
        self.running.append(live)

    def leave(self, live: LiveRequest) -> None:
        for group in (self._waiting, self.running):
            if live in group:
                group.remove(live)

    def position(self, live: LiveRequest) -> int:
        return self.waiting.index(live) if live in self._waiting else 0

    def wait_s(self, live: LiveRequest) -> float | None:
        if live not in self._waiting:
            return 0.0
        running = map(self._seconds_left, self.running)
        return seconds_until_start(max(self._free_rows(), 0), running, map(self._seconds_left, self._before(live)))

    def _before(self, live: LiveRequest) -> Iterator[LiveRequest]:
        for other in self.waiting:
            if other is live:
                return
            yield other

    def _seconds_left(self, live: LiveRequest) -> float | None:
        said = len(live.completion_ids)
        unread = 0 if said else len(live.request.prompt_ids)
        return self.step_times.seconds(unread, said, live.request.sampling.max_tokens)
