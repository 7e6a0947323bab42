"""Reads adapter files and writes slots on a thread of its own, so that no step waits for a disk or a copy."""

import os
import sys
import threading
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor

from bot.engine.adapter_checks import AdapterTarget
from bot.engine.adapter_files import read_adapter
from bot.engine.projections import LoraShare
from bot.versions.registry import AdapterVersion

Shares = dict[str, LoraShare]
# At 4, a load stretched steps beside it threefold; at 10, it took four times as long as alone.
NICENESS = 8


class AdapterIO:
    """Works on its own thread; what was read waits here until it is forgotten. Used from the engine's thread only."""

    def __init__(
        self, target: AdapterTarget, write_slot: Callable[[int, Shares], None], on_done: Callable[[], None]
    ) -> None:
        """`write_slot` and, whenever a reading or writing has ended, `on_done` are called on the loader's thread."""
        self._target = target
        self._write_slot = write_slot
        self._on_done = on_done
        self._pool = ThreadPoolExecutor(1, "troupe-adapters", initializer=_yield_to_others)
        self._readings: dict[AdapterVersion, Future[Shares]] = {}

    def read(self, version: AdapterVersion) -> Future[Shares]:
        """The reading of `version`, begun now unless it was begun before."""
        if version not in self._readings:
            reading = self._pool.submit(read_adapter, version, self._target)
            reading.add_done_callback(lambda _: self._on_done())
            self._readings[version] = reading
        return self._readings[version]

    def write(self, slot: int, shares: Shares) -> Future[None]:
        """Put an adapter into a slot that no row uses, nor will before this is done."""
        writing = self._pool.submit(self._write_slot, slot, shares)
        writing.add_done_callback(lambda _: self._on_done())
        return writing

    def forget(self, version: AdapterVersion) -> None:
        self._readings.pop(version, None)

    def keep_only(self, wanted: Collection[AdapterVersion]) -> None:
        """Forget what nobody waits for any more."""
        for version in self._readings.keys() - set(wanted):
            self._readings.pop(version).cancel()

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._readings.clear()


def _yield_to_others() -> None:
    """Where a thread has a priority of its own, as on Linux: steps are waited for more than adapters are."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
