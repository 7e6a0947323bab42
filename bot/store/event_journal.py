"""A small file beside the database that keeps events until the database has taken them, also across a restart.

It holds ids, kinds and, for an edit, the new words; it is emptied, and overwritten, when nothing waits any more.
"""

import asyncio
import json
import os
from dataclasses import dataclass
from pathlib import Path

from bot.store.faults import store_faults

EventArgument = int | str | float | None


@dataclass(frozen=True)
class JournalEntry:
    number: int
    kind: str
    arguments: tuple[EventArgument, ...]


class EventJournal:
    """Every method raises StoreError when the file cannot be used."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writing = asyncio.Lock()
        self._open: set[int] = set()
        self._last = 0

    async def write(self, kind: str, *arguments: EventArgument) -> JournalEntry:
        """The event is on the disk when this returns."""
        async with self._writing:
            self._last += 1
            event = JournalEntry(self._last, kind, arguments)
            await asyncio.to_thread(self._append, [event.number, kind, list(arguments)])
            self._open.add(event.number)
        return event

    async def strike(self, event: JournalEntry) -> None:
        """The event is dealt with."""
        async with self._writing:
            self._open.discard(event.number)
            if self._open:
                await asyncio.to_thread(self._append, [event.number])
            else:
                await asyncio.to_thread(self._empty)

    async def left(self) -> list[JournalEntry]:
        """What an earlier process wrote down and did not strike, first to last. Call it before anything is written."""
        async with self._writing:
            events = await asyncio.to_thread(self._read)
            self._open = {event.number for event in events}
            self._last = max(self._open, default=0)
        return events

    def _append(self, line: list[object]) -> None:
        with store_faults(self._path), os.fdopen(self._descriptor(os.O_APPEND), "ab") as file:
            whole = file.tell() == 0 or os.pread(file.fileno(), 1, file.tell() - 1) == b"\n"
            file.write((b"" if whole else b"\n") + json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _empty(self) -> None:
        with store_faults(self._path), os.fdopen(self._descriptor(), "r+b") as file:
            file.write(bytes(os.fstat(file.fileno()).st_size))
            file.flush()
            os.fsync(file.fileno())
            file.truncate(0)

    def _read(self) -> list[JournalEntry]:
        events: dict[int, JournalEntry] = {}
        with store_faults(self._path):
            lines = self._path.read_bytes().split(b"\n") if self._path.exists() else []
        for line in lines:
            try:
                number, *rest = json.loads(line)
                if rest:
                    events[int(number)] = JournalEntry(int(number), str(rest[0]), tuple(rest[1]))
                else:
                    events.pop(number, None)
            except (ValueError, TypeError, IndexError, RecursionError):
                continue  # the last line of a process that was killed as it wrote it
        return list(events.values())

    def _descriptor(self, flags: int = 0) -> int:
        return os.open(self._path, os.O_RDWR | os.O_CREAT | flags, 0o600)
