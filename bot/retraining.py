"""Owns the bot's own schedule of trainings: which persona is due, and when it was tried last."""

import asyncio
import datetime
import logging
import time
from collections.abc import Callable

from bot.errors import AdapterError, OperatorError
from bot.personas import PersonaCatalog
from bot.registry import AdapterRegistry, read_manifest
from bot.store import Store
from bot.training_runs import AlreadyTraining, TrainingRuns

log = logging.getLogger(__name__)

LOOK_EVERY = 600.0  # seconds
_UNITS = {"h": 3600.0, "d": 86_400.0}


def interval(schedule: str) -> float | None:
    """Seconds in `24h` or `7d`; None for `off`."""
    return None if schedule == "off" else int(schedule[:-1]) * _UNITS[schedule[-1]]


class Retraining:
    def __init__(
        self,
        runs: TrainingRuns,
        store: Store,
        registry: AdapterRegistry,
        catalog: PersonaCatalog,
        *,
        every_seconds: float,
        min_new_votes: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._runs = runs
        self._store = store
        self._registry = registry
        self._catalog = catalog
        self._every = every_seconds
        self._min_new_votes = min_new_votes
        self._clock = clock
        self._tried: dict[str, float] = {}

    async def watch(self) -> None:
        """Train what is due, one after another, until cancelled."""
        while True:
            for persona in await self.due():
                await self.train(persona)
            await asyncio.sleep(min(LOOK_EVERY, self._every))

    async def due(self) -> list[str]:
        """The shipped personas whose last training is long enough ago, with enough new votes since."""
        found = []
        for persona in self._catalog.names():
            trained = await asyncio.to_thread(self._trained_at, persona)
            if self._clock() - max(trained, self._tried.get(persona, 0.0)) < self._every:
                continue
            if await self._store.votes_since(persona, trained) >= self._min_new_votes:
                found.append(persona)
        return found

    async def train(self, persona: str) -> None:
        self._tried[persona] = self._clock()
        try:
            async with self._runs.train(persona) as run:
                async for _ in run:
                    pass
            verdict = "accepted" if run.outcome.accepted else "refused by the gate"
            log.info("%s: the scheduled training gave v%d: %s", persona, run.outcome.number, verdict)
        except AlreadyTraining:
            log.info("%s: is being trained already", persona)
        except OperatorError as error:
            log.error("%s: the scheduled training failed: %s", persona, error)

    def _trained_at(self, persona: str) -> float:
        """When the newest version was made, in unix seconds; 0.0 without one."""
        versions = self._registry.folder / persona / "versions"
        numbers = [int(path.name) for path in versions.glob("*") if path.name.isdecimal()]
        if not numbers:
            return 0.0
        try:
            made = read_manifest(versions / str(max(numbers))).get("created_at")
            return datetime.datetime.fromisoformat(str(made)).timestamp()
        except (AdapterError, ValueError):
            return 0.0
