"""Takes adapters from the disk into slots: who asked for them, what is being read or written, what failed.

`load` is called on the event loop, `bring` on the engine's thread between steps.
"""

import logging
import threading
from concurrent.futures import Future

from bot.engine.adapter_io import AdapterIO, Shares
from bot.engine.scheduler import Scheduler
from bot.errors import AdapterError, EngineStopped, GenerationFailed
from bot.versions.registry import AdapterVersion

log = logging.getLogger(__name__)

# Adapters read ahead for waiting requests; each keeps its weights in memory until a slot is free.
READ_AHEAD = 4


class AdapterLoading:
    def __init__(self, scheduler: Scheduler, loader: AdapterIO) -> None:
        self._scheduler = scheduler
        self._loader = loader
        self._loads: dict[AdapterVersion, Future[None]] = {}
        self._loads_lock = threading.Lock()
        self._writings: dict[AdapterVersion, tuple[int, Future[None]]] = {}  # into which slots

    def load(self, version: AdapterVersion) -> Future[None]:
        """Done when the adapter is resident; fails with AdapterError or EngineStopped. All who ask share it."""
        with self._loads_lock:
            return self._loads.setdefault(version, Future())

    def bring(self) -> None:
        """Have missing adapters read, those of waiting requests first, and what has been read written into slots."""
        self._settle_written()
        with self._loads_lock:
            loads = list(self._loads)
        waiting = self._scheduler.wanted_adapters()
        missing = [version for version in waiting if not self._scheduler.is_resident(version)]
        wanted = list(dict.fromkeys([*missing[:READ_AHEAD], *loads]))
        self._loader.keep_only(wanted)
        for version in wanted:
            if self._scheduler.is_resident(version):
                self._end_load(version)
            elif version not in self._writings and (reading := self._loader.read(version)).done():
                self._write(version, reading, waiting)

    def close(self) -> None:
        """End whatever still waits, with EngineStopped."""
        self._loader.close()
        with self._loads_lock:
            loads = list(self._loads)
        for version in loads:
            self._end_load(version, EngineStopped())

    def _write(self, version: AdapterVersion, reading: Future[Shares], waiting: list[AdapterVersion]) -> None:
        """Have an adapter that has been read written into a slot; it waits while all slots are in use."""
        if (error := reading.exception()) is not None:
            self._refuse(version, error)
        elif (slot := self._scheduler.claim_slot(version, waiting)) is not None:
            self._writings[version] = slot, self._loader.write(slot, reading.result())

    def _settle_written(self) -> None:
        for version, (slot, writing) in list(self._writings.items()):
            if not writing.done():
                continue
            del self._writings[version]
            if (error := writing.exception()) is not None:
                self._scheduler.give_back(slot)
                self._refuse(version, error)
            else:
                self._scheduler.settle(version, slot)
                self._loader.forget(version)
                self._end_load(version)

    def _refuse(self, version: AdapterVersion, error: BaseException) -> None:
        if not isinstance(error, AdapterError):
            log.error("%s could not be read", version, exc_info=error)
            error = AdapterError(f"{version} could not be read ({type(error).__name__}); see the log for details.")
        else:
            log.error("%s", error)
        self._loader.forget(version)
        self._scheduler.drop_waiting(version, GenerationFailed(str(error)))
        self._end_load(version, error)

    def _end_load(self, version: AdapterVersion, error: Exception | None = None) -> None:
        with self._loads_lock:
            future = self._loads.pop(version, None)
        if future is not None and error is not None:
            future.set_exception(error)
        elif future is not None:
            future.set_result(None)
