"""The bot's own trainings: which persona is due, by the schedule or for deleted words, and when it was last tried.

It also sees to it that votes on running canaries are counted. `bot.retraining.runs` does the trainings themselves.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from bot.errors import OperatorError
from bot.personas.catalog import PersonaCatalog
from bot.retraining.runs import AlreadyTraining, TrainingRuns
from bot.store import Store
from bot.versions.canary import read_canary
from bot.versions.rebuild_marks import marked
from bot.versions.registry import AdapterRegistry
from bot.versions.training_due import must_rebuild, trained_at

log = logging.getLogger(__name__)

LOOK_EVERY = 600.0  # seconds
HEAR_EVERY = 60.0  # seconds, while a canary speaks
_UNITS = {"h": 3600.0, "d": 86_400.0}


def interval(schedule: str) -> float | None:
    """Seconds in `24h` or `7d`; None for `off`."""
    return None if schedule == "off" else int(schedule[:-1]) * _UNITS[schedule[-1]]


class Retraining:
    """`every_seconds`: None switches the schedule off; what holds deleted words is rebuilt all the same."""

    def __init__(
        self,
        runs: TrainingRuns,
        store: Store,
        registry: AdapterRegistry,
        catalog: PersonaCatalog,
        *,
        every_seconds: float | None,
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
        self._began = clock()
        self._tried: dict[str, float] = {}

    async def watch(self) -> None:
        """Train what is due, one after another, until cancelled."""
        while True:
            for persona in await self.due():
                await self._only_its_own(self.train, persona)
            canaries = [await self._only_its_own(self.settle, persona) for persona in self._catalog.names()]
            await asyncio.sleep(HEAR_EVERY if any(canaries) else min(LOOK_EVERY, self._every or LOOK_EVERY))

    async def _only_its_own(self, work: Callable[[str], Awaitable[bool | None]], persona: str) -> bool | None:
        """Do something for a persona. Whatever its folder makes of that, the others have their turn."""
        try:
            return await work(persona)
        except OperatorError as error:
            log.error("%s: %s", persona, error)
        except Exception:
            log.exception("%s: the schedule could not check it", persona)
        return None

    async def settle(self, persona: str) -> bool:
        """Hear the votes on the persona's canary; whether there was one."""
        try:
            if await asyncio.to_thread(read_canary, self._registry, persona) is None:
                return False
            for settled in await self._runs.settle(persona):
                level = logging.DEBUG if settled["decision"] == "wait" else logging.WARNING
                log.log(
                    level, "%s: canary v%d: %s; %s", persona, settled["number"], settled["decision"], settled["reason"]
                )
        except OperatorError as error:
            log.error("%s: the votes on its canary could not be counted: %s", persona, error)
        return True

    async def due(self) -> list[str]:
        """The shipped personas that must be rebuilt without delay, then those with enough new votes.

        The latter, as the schedule says, only when their last training is long enough ago.
        """
        rebuilt = [p for p in self._catalog.names() if await self._only_its_own(self._must_rebuild, p)]
        others = [persona for persona in self._catalog.names() if persona not in rebuilt]
        return rebuilt + [p for p in others if await self._only_its_own(self._has_new_votes, p)]

    async def _must_rebuild(self, persona: str) -> bool:
        trained = await asyncio.to_thread(trained_at, self._registry, persona)
        marks = await asyncio.to_thread(marked, self._registry, persona)
        # What a wrong clock dated to the future counts once: no training would ever be later.
        now = self._clock()
        dated = {number: at if at <= now else self._began for number, at in marks.items()}
        return must_rebuild(dated, max(trained, self._tried.get(persona, 0.0)))

    async def _has_new_votes(self, persona: str) -> bool:
        trained = await asyncio.to_thread(trained_at, self._registry, persona)
        waited = self._clock() - max(trained, self._tried.get(persona, 0.0))
        if self._every is None or waited < self._every:
            return False
        return await self._store.votes_since(persona, trained) >= self._min_new_votes

    async def train(self, persona: str) -> None:
        self._tried[persona] = self._clock()
        try:
            async with self._runs.train(persona) as run:
                async for _ in run:
                    pass
            verdict = "accepted" if run.outcome.accepted else "refused by the gate"
            log.info("%s: the scheduled training made v%d: %s", persona, run.outcome.number, verdict)
        except AlreadyTraining:
            log.info("%s: is already being trained", persona)
        except OperatorError as error:
            log.error("%s: the scheduled training failed: %s", persona, error)
