"""For events that Discord tells once and never again (a reaction, an edit, a deletion): they must reach the store.

Each is written down beside the database first, and tried again until the database has taken it: however long another
program locks it, and also by the next process.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

from bot.errors import StoreError
from bot.store.event_journal import EventArgument, EventJournal, JournalEntry

log = logging.getLogger(__name__)

Handler = Callable[..., Awaitable[object]]
WAITS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)  # seconds before the next try; the last one again and again


class OnceTold:
    """The events that are being dealt with. Nobody would repeat them, so the store is closed only after them."""

    def __init__(self, journal: EventJournal, waits: Sequence[float] = WAITS) -> None:
        self._journal = journal
        self._waits = waits
        self._handlers: dict[str, Handler] = {}
        self._handling: set[asyncio.Task[Any]] = set()
        self._waiting: deque[JournalEntry] = deque()
        self._retrying: asyncio.Task[None] | None = None

    def deals_with(self, kind: str, handler: Handler) -> None:
        """`handler` puts an event of that kind into the store; doing it twice must do no harm."""
        self._handlers[kind] = handler

    async def settle(self, kind: str, *arguments: EventArgument) -> None:
        """Let the event reach the store: now, or as soon as the store can be reached. Raises nothing of the store."""
        with self.handling():
            event = await self._written(kind, *arguments)
            at_once = event is None or not self._waiting  # else it would overtake those that wait
            if at_once and await self._tried(event or JournalEntry(0, kind, arguments)):
                return
            if event is not None:
                self._wait(event)

    async def replay(self) -> None:
        """Take up what an earlier process could not store."""
        with contextlib.suppress(StoreError):
            for event in await self._journal.left():
                self._wait(event)

    @contextlib.contextmanager
    def handling(self) -> Iterator[None]:
        """While the block runs, the current task deals with such an event."""
        task = asyncio.current_task()
        assert task is not None
        self._handling.add(task)
        try:
            yield
        finally:
            self._handling.discard(task)

    async def handled(self, seconds: float) -> None:
        """Return when every event heard so far is dealt with, after `seconds` at the latest; the rest is kept."""
        tasks = {*self._handling, *([self._retrying] if self._retrying else [])}
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        if self._retrying is not None:
            self._retrying.cancel()

    async def _written(self, kind: str, *arguments: EventArgument) -> JournalEntry | None:
        try:
            return await self._journal.write(kind, *arguments)
        except StoreError as error:
            log.warning("an event could not be written down, so it must reach the database now: %s", error)
            return None

    async def _tried(self, event: JournalEntry) -> bool:
        """Whether the event needs no further try."""
        try:
            await self._handlers[event.kind](*event.arguments)
        except StoreError as error:
            if not self._waiting:
                log.warning("events wait until the database takes them: %s", error)
            return False
        except Exception:
            log.exception("an event of the kind %s could not be dealt with", event.kind)
        if event.number:
            with contextlib.suppress(StoreError):
                await self._journal.strike(event)
        return True

    def _wait(self, event: JournalEntry) -> None:
        self._waiting.append(event)
        if self._retrying is None or self._retrying.done():
            self._retrying = asyncio.create_task(self._retry())

    async def _retry(self) -> None:
        """One after the other, in the order in which they were told."""
        tries, began = 0, time.monotonic()
        while self._waiting:
            if await self._tried(self._waiting[0]):
                self._waiting.popleft()
                tries = 0
                continue
            await asyncio.sleep(self._waits[min(tries, len(self._waits) - 1)])
            tries += 1
        log.info("every event that waited is stored, after %.1f s", time.monotonic() - began)
