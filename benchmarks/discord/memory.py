"""Resident memory of this process, read again and again."""

import asyncio
import os
import time
from pathlib import Path
from typing import Self

EVERY = 5.0  # seconds


class MemoryWatch:
    """`readings`: (seconds since the start, MiB)."""

    def __init__(self) -> None:
        self.readings: list[tuple[float, float]] = []
        self._watching: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    async def _watch(self) -> None:
        started = time.monotonic()
        while True:
            self.readings.append((round(time.monotonic() - started, 1), _resident_mib()))
            await asyncio.sleep(EVERY)


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)
