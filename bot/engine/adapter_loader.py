"""Owns the reading of adapters in the background, so that no step waits for a disk."""

import logging
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor

from bot.engine.adapter_files import AdapterTarget, read_adapter
from bot.engine.projections import LoraShare
from bot.registry import AdapterVersion

log = logging.getLogger(__name__)

Shares = dict[str, LoraShare]


class AdapterLoader:
    """Reads on its own thread; what was read waits here until it is taken. Used from the engine's thread only."""

    def __init__(self, target: AdapterTarget, on_read: Callable[[], None]) -> None:
        """`on_read` is called, on the loader's thread, whenever a reading has ended."""
        self._target = target
        self._on_read = on_read
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="troupe-adapters")
        self._readings: dict[AdapterVersion, Future[Shares]] = {}

    def read(self, version: AdapterVersion) -> Future[Shares]:
        """The reading of `version`, begun now unless it was begun before."""
        if version not in self._readings:
            reading = self._pool.submit(read_adapter, version, self._target)
            reading.add_done_callback(lambda _: self._on_read())
            self._readings[version] = reading
        return self._readings[version]

    def forget(self, version: AdapterVersion) -> None:
        self._readings.pop(version, None)

    def keep_only(self, wanted: Collection[AdapterVersion]) -> None:
        """Forget what nobody waits for any more."""
        for version in self._readings.keys() - set(wanted):
            self._readings.pop(version).cancel()

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._readings.clear()
