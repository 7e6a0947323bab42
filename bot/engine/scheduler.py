"""Decides who waits, who runs in which row, and what the next step works on. Knows no tensors and no files.

Called from the event loop (submit, cancel, position, wait) and from the engine's thread (the rest), under one lock.
"""

import itertools
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.engine.adapter_slots import AdapterSlots
from bot.engine.fair_turns import FairTurns
from bot.engine.live_request import LiveRequest
from bot.engine.queue_shares import check_room
from bot.engine.request import FinishReason
from bot.engine.step import Segment
from bot.engine.step_times import StepTimes
from bot.engine.waiting_time import seconds_until_start
from bot.versions.registry import AdapterVersion


@dataclass(frozen=True)
class Work:
    """What a step does for one request."""

    live: LiveRequest
    segment: Segment

    @property
    def completes_prompt(self) -> bool:
        """All tokens so far will be in the cache: the next one can be chosen."""
        return self.segment.end == len(self.live.ids)


class Scheduler:
    def __init__(self, rows: int, queue_size: int, step_times: StepTimes, slots: AdapterSlots) -> None:
        self.slots = slots
        self.step_times = step_times
        self._queue_size = queue_size
        self._rows = rows
        self._free_rows = list(range(rows - 1, -1, -1))
        self._turns = FairTurns(patience=rows + queue_size)
        self._waiting: list[LiveRequest] = []  # oldest first
        self._running: list[LiveRequest] = []
        # Adapters that were refused a slot because all were in use, and how many requests have started since.
        self._passed: Counter[AdapterVersion] = Counter()
        self._lock = threading.RLock()

    @property
    def running(self) -> tuple[LiveRequest, ...]:
        with self._lock:
            return tuple(self._running)

    @property
    def waiting(self) -> tuple[LiveRequest, ...]:
        """In the order in which they would start if all their adapters were there."""
        with self._lock:
            return tuple(self._in_turn())

    @property
    def free_rows(self) -> tuple[int, ...]:
        with self._lock:
            return tuple(self._free_rows)

    def submit(self, live: LiveRequest) -> None:
        """Start the request in a free row, or queue it. Raises QueueFull, also when its channel or server has many."""
        with self._lock:
            live.turn = self._turns.take(live.request.channel)
            self._waiting.append(live)
            self._admit()
            if live.row is None:
                self._waiting.remove(live)
                check_room(live.request, [other.request for other in self._waiting], self._queue_size)
                self._waiting.append(live)

    def position(self, live: LiveRequest) -> int:
        """Requests ahead of this one in the queue."""
        with self._lock:
            return self._in_turn().index(live) if live in self._waiting else 0

    def wait_s(self, live: LiveRequest) -> float | None:
        """About how many seconds until this request starts; 0 once it has, None before anything was measured."""
        with self._lock:
            if live not in self._waiting:
                return 0.0
            ahead = itertools.takewhile(lambda other: other is not live, self._in_turn())
            running = map(self._seconds_left, self._running)
            return seconds_until_start(len(self._free_rows), running, map(self._seconds_left, ahead))

    def cancel(self, live: LiveRequest) -> None:
        """End a waiting request now, and a running one before the next step."""
        with self._lock:
            live.cancelled = True
            if live in self._waiting:
                self._waiting.remove(live)
                live.end(FinishReason.CANCELLED)

    def end_unwanted(self, now: float) -> list[LiveRequest]:
        """End requests that were cancelled, whose caller is gone, or whose deadline has passed.

        Returns those of them that hold a row, to be released.
        """
        with self._lock:
            for live in (*self._running, *self._waiting):
                if live.cancelled or live.listener.abandoned:
                    live.end(FinishReason.CANCELLED)
                else:
                    live.expire_if_overdue(now)
            self._waiting = [live for live in self._waiting if not live.ended]
            return [live for live in self._running if live.ended]

    def next_deadline(self) -> float | None:
        """When the first of the waiting requests expires, on the clock of their `submitted_at`."""
        with self._lock:
            return min((live.deadline for live in self._waiting if live.deadline is not None), default=None)

    def start_waiting(self) -> None:
        """Give free rows to waiting requests in their turn; one whose adapter is not resident lets others pass."""
        with self._lock:
            self._admit()

    def next_batch(self) -> list[Work]:
        """One token for every row that decodes, and as much of the prompts as recent step times allow."""
        with self._lock:
            return list(self._plan())

    def release(self, live: LiveRequest) -> None:
        """Take a request that has ended out of its row."""
        with self._lock:
            assert live.row is not None
            self._running.remove(live)
            self._free_rows.append(live.row)
            self._free_rows.sort(reverse=True)  # low rows first: neighbouring rows need no copy in attention
            live.row = None
            if live.request.adapter is not None:
                self.slots.unpin(live.request.adapter)

    def wanted_adapters(self) -> list[AdapterVersion]:
        """What the waiting requests need, resident or not, in their order."""
        with self._lock:
            return list(dict.fromkeys(live.request.adapter for live in self._in_turn() if live.request.adapter))

    def claim_slot(self, version: AdapterVersion, wanted: Sequence[AdapterVersion]) -> int | None:
        """A slot for `version`, not at the cost of what is wanted before it; None when all others are in use."""
        with self._lock:
            before = wanted[: wanted.index(version)] if version in wanted else wanted
            slot = self.slots.claim(before)
            if slot is None:
                self._passed.setdefault(version, 0)
            return slot

    def settle(self, version: AdapterVersion, slot: int) -> None:
        with self._lock:
            del self._passed[version]
            self.slots.settle(version, slot)

    def give_back(self, slot: int) -> None:
        with self._lock:
            self.slots.give_back(slot)

    def retire(self, version: AdapterVersion) -> None:
        with self._lock:
            self.slots.retire(version)

    def is_resident(self, version: AdapterVersion) -> bool:
        with self._lock:
            return version in self.slots

    def resident(self) -> tuple[AdapterVersion, ...]:
        with self._lock:
            return self.slots.adapters

    def drop_waiting(self, version: AdapterVersion, error: Exception) -> None:
        """Fail the waiting requests of an adapter that cannot be loaded."""
        with self._lock:
            for live in [live for live in self._waiting if live.request.adapter == version]:
                self._waiting.remove(live)
                live.fail(error)

    def fail_all(self, error: Exception) -> None:
        with self._lock:
            for live in list(self._running):
                live.fail(error)
                self.release(live)
            for live in self._waiting:
                live.fail(error)
            self._waiting.clear()

    def _in_turn(self) -> list[LiveRequest]:
        return sorted(self._waiting, key=lambda live: live.turn)

    def _admit(self) -> None:
        overtaken: list[AdapterVersion] = []
        for live in self._in_turn():
            if not self._free_rows:
                return
            adapter = live.request.adapter
            if adapter is None or adapter in self.slots:
                self._start(live)
                self._passed.update(overtaken)
            elif adapter in self._passed:
                if self._passed[adapter] >= self._rows:
                    return  # others keep all slots busy: they must pause, or it would wait for ever
                overtaken.append(adapter)

    def _start(self, live: LiveRequest) -> None:
        adapter = live.request.adapter
        live.start(self._free_rows.pop(), 0 if adapter is None else self.slots.pin(adapter))
        self._turns.started(live.turn)
        self._waiting.remove(live)
        self._running.append(live)

    def _plan(self) -> Iterator[Work]:
        ready = [live for live in self._running if live.begun]
        reading = [live for live in ready if live.pending > 1]
        budget = self.step_times.prefill_tokens(len(ready) - len(reading), len(reading))
        shares = _shares(reading, budget)
        for live in ready:
            if (count := shares.get(live, 1)) > 0:
                yield Work(live, _segment(live, count))

    def _seconds_left(self, live: LiveRequest) -> float | None:
        unread = max(live.pending, 1) - 1
        return self.step_times.seconds(unread, len(live.completion_ids), live.request.sampling.max_tokens)


def _shares(reading: Sequence[LiveRequest], budget: int) -> dict[LiveRequest, int]:
    """How many tokens of each prompt are read: half of the budget goes to the oldest, the rest to the shortest first.

    So a short prompt does not wait for a long one, and a long one comes to its end however many short ones arrive.
    """
    shares = dict.fromkeys(reading, 0)
    if reading:
        shares[reading[0]] = min(reading[0].pending, -(-budget // 2))
        budget -= shares[reading[0]]
    for live in sorted(reading, key=lambda live: live.pending):
        more = min(live.pending - shares[live], budget)
        shares[live] += more
        budget -= more
    return shares


def _segment(live: LiveRequest, count: int) -> Segment:
    assert live.row is not None
    return Segment(live.row, live.slot, live.cached, tuple(live.ids[live.cached : live.cached + count]))
