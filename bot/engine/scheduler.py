"""Owns who waits, who runs in which row, and what the next step works on. Knows no tensors and no files.

Called from the event loop (submit, cancel, position) and from the engine's thread (the rest), under one lock.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.engine.live_request import LiveRequest
from bot.engine.request import FinishReason
from bot.engine.residency import Residency
from bot.engine.step import Segment
from bot.errors import QueueFull
from bot.registry import AdapterVersion


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
    def __init__(self, rows: int, queue_size: int, prefill_tokens: int, residency: Residency) -> None:
        self.residency = residency
        self._queue_size = queue_size
        self._prefill_tokens = prefill_tokens
        self._free_rows = list(range(rows - 1, -1, -1))
        self._waiting: list[LiveRequest] = []
        self._running: list[LiveRequest] = []
        self._lock = threading.RLock()

    @property
    def running(self) -> int:
        return len(self._running)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def submit(self, live: LiveRequest) -> None:
        """Start the request in a free row, or queue it. Raises QueueFull."""
        with self._lock:
            self._waiting.append(live)
            self._admit()
            if live.row is None and len(self._waiting) > self._queue_size:
                self._waiting.remove(live)
                raise QueueFull(len(self._waiting))

    def position(self, live: LiveRequest) -> int:
        """Requests ahead of this one in the queue."""
        with self._lock:
            return self._waiting.index(live) if live in self._waiting else 0

    def cancel(self, live: LiveRequest) -> None:
        """End a waiting request now, and a running one before the next step."""
        with self._lock:
            live.cancelled = True
            if live in self._waiting:
                self._waiting.remove(live)
                live.end(FinishReason.CANCELLED)

    def end_cancelled(self) -> None:
        """Free the rows of requests that were cancelled, or whose caller's event loop is gone."""
        with self._lock:
            for live in [live for live in self._running if live.cancelled or live.listener.abandoned]:
                live.end(FinishReason.CANCELLED)
                self.release(live)

    def next_batch(self) -> list[Work]:
        """One token for every row that decodes, and up to `prefill_tokens` of the prompts, oldest first."""
        with self._lock:
            self._admit()
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
                self.residency.unpin(live.request.adapter)

    def wanted_adapters(self) -> list[AdapterVersion]:
        """What the waiting requests need, resident or not, in their order."""
        with self._lock:
            return list(dict.fromkeys(live.request.adapter for live in self._waiting if live.request.adapter))

    def claim_slot(self, version: AdapterVersion, wanted: Sequence[AdapterVersion]) -> int | None:
        """A slot for `version`, not at the cost of what is wanted before it; None when all others are in use."""
        with self._lock:
            before = wanted[: wanted.index(version)] if version in wanted else wanted
            return self.residency.claim(before)

    def settle(self, version: AdapterVersion, slot: int) -> None:
        with self._lock:
            self.residency.settle(version, slot)

    def retire(self, version: AdapterVersion) -> None:
        with self._lock:
            self.residency.retire(version)

    def is_resident(self, version: AdapterVersion) -> bool:
        with self._lock:
            return version in self.residency

    def resident(self) -> tuple[AdapterVersion, ...]:
        with self._lock:
            return self.residency.adapters

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

    def _admit(self) -> None:
        """Give free rows to waiting requests in their order; one whose adapter is not resident lets others pass."""
        for live in list(self._waiting):
            if not self._free_rows:
                return
            adapter = live.request.adapter
            if adapter is None or adapter in self.residency:
                live.start(self._free_rows.pop(), 0 if adapter is None else self.residency.pin(adapter))
                self._waiting.remove(live)
                self._running.append(live)

    def _plan(self) -> Iterator[Work]:
        budget = self._prefill_tokens
        for live in self._running:
            count = live.pending
            if count > 1:
                count = min(count, budget)
                budget -= count
            if count > 0:
                yield Work(live, _segment(live, count))


def _segment(live: LiveRequest, count: int) -> Segment:
    assert live.row is not None
    return Segment(live.row, live.slot, live.cached, tuple(live.ids[live.cached : live.cached + count]))
