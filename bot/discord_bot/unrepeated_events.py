"""For events that Discord tells once and never again (a reaction, an edit, a deletion): they must reach the store."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any


class OnceTold:
    """The events that are being dealt with. Nobody would repeat them, so the store is closed only after them."""

    def __init__(self) -> None:
        self._handling: set[asyncio.Task[Any]] = set()

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
        """Return when every event heard so far is dealt with, after `seconds` at the latest."""
        if self._handling:
            await asyncio.wait(set(self._handling), timeout=seconds)
