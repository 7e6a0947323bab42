"""Follows the versions on disk: which one speaks for each persona in this process, also after a promotion or a canary.

A new version is loaded beside the old one before it speaks; replies under way finish on the old one.
"""

import asyncio
import logging
import time
from collections.abc import Iterable

from bot.engine import Engine
from bot.engine.adapter_trial import try_out
from bot.errors import (
    AdapterError,
    CannotGoOn,
    DeadlineExceeded,
    EngineStopped,
    OperatorError,
    PersonaUnavailable,
    QueueFull,
    QueueShareFull,
)
from bot.personas.catalog import PersonaCatalog
from bot.store import ReplyRecord
from bot.versions.canary import Canary, read_canary
from bot.versions.registry import AdapterRegistry, AdapterVersion

log = logging.getLogger(__name__)

NOT_NOW = (
    QueueFull,
    QueueShareFull,
    DeadlineExceeded,
    EngineStopped,
)  # nothing is known about the version yet; it is tried again


class ActiveVersions:
    def __init__(
        self,
        registry: AdapterRegistry,
        catalog: PersonaCatalog,
        engine: Engine,
        *,
        poll_seconds: float = 1.0,
        patience: float = 30.0,
    ) -> None:
        """`poll_seconds`: between looks at the versions on disk; `patience`: until a refused one is read again."""
        self._registry = registry
        self._catalog = catalog
        self._engine = engine
        self._poll_seconds = poll_seconds
        self._speaking: dict[str, AdapterVersion | None] = {}
        self._canaries: dict[str, tuple[Canary, AdapterVersion]] = {}
        self._tried_canaries: dict[str, Canary | None] = {}
        self._canary_problems: dict[str, str] = {}
        self._problems: dict[str, str] = {}
        self._patience = patience
        self._cards_problem = ""
        self._refused: dict[AdapterVersion, tuple[float, AdapterError]] = {}

    def speaking(self, persona: str, channel_id: int | None = None) -> AdapterVersion | None:
        """The version that speaks now, in a channel of a canary's share the canary; None for a prompt-only persona.

        Raises PersonaUnavailable when an adapter is active but none could be loaded.
        """
        version = self._speaking.get(persona)
        if version is None and persona in self._problems:
            raise PersonaUnavailable(self._catalog.get(persona).display_name)
        if channel_id is not None and persona in self._canaries:
            canary, candidate = self._canaries[persona]
            return candidate if canary.is_canary_channel(persona, channel_id) else version
        return version

    async def let_speak(self, persona: str, number: int) -> None:
        """Until the next look at the disk, version `number` speaks (0: the card alone). Raises AdapterError."""
        version = await asyncio.to_thread(self._registry.version, persona, number) if number else None
        if version is not None:
            await self._load(version)
        self._canaries.pop(persona, None)
        self._problems.pop(persona, None)
        self._speaking[persona] = version

    async def version_of(self, record: ReplyRecord) -> AdapterVersion | None:
        """The version that made a reply; None: the base model alone. Raises CannotGoOn when it is no longer there."""
        if record.adapter_number is None:
            return None
        try:
            version = await asyncio.to_thread(self._registry.version, record.persona, record.adapter_number)
        except OperatorError:
            raise CannotGoOn from None
        if version.sha256 != record.adapter_sha256:
            raise CannotGoOn
        return version

    def problem(self, persona: str) -> str | None:
        """Why the active version on disk does not speak, in one plain sentence for the operator."""
        return self._problems.get(persona)

    async def check(self, personas: Iterable[str] | None = None) -> None:
        """Read every card that changed and every persona's `active` pointer once, and follow them.

        Whatever a persona's folder holds is that persona's problem: the others are followed all the same.
        """
        await self._follow_cards()
        for persona in self._catalog.names() if personas is None else personas:
            try:
                await self._follow(persona)
            except NOT_NOW:
                continue
            except Exception as error:  # noqa: BLE001 — it is logged, once
                self._complain(persona, error)
            await self._follow_canary(persona)

    async def watch(self) -> None:
        """Follow new personas, changed cards, promotions and rollbacks until cancelled."""
        while True:
            await asyncio.sleep(self._poll_seconds)
            await self.check()

    async def _follow_cards(self) -> None:
        """While the folder itself cannot be read, the personas stay as they were."""
        try:
            changed = await asyncio.to_thread(self._catalog.follow)
        except OperatorError as error:
            if self._cards_problem != str(error):
                log.error("%s The personas stay as they were.", error)
            self._cards_problem = str(error)
            return
        self._cards_problem = ""
        if changed:
            log.info("the cards changed; the personas are now %s", ", ".join(self._catalog.names()))

    async def _follow(self, persona: str) -> None:
        known = self._speaking.get(persona)
        version = await asyncio.to_thread(self._registry.active, persona)
        if persona in self._speaking and version == known:
            self._problems.pop(persona, None)
            return
        if version is not None:
            await self._load(version)
        self._problems.pop(persona, None)
        self._speaking[persona] = version
        await self._release(persona, known)
        name = f"v{version.number}" if version else "the base model"
        elsewhere = await asyncio.to_thread(self._registry.active_elsewhere, persona)
        if version is None and elsewhere:
            numbers = ", ".join(f"v{number}" for number in elsewhere)
            log.warning("%s: %s is for another base model; its card speaks until you train it", persona, numbers)
        elif known is None:
            log.info("%s: %s speaks", persona, name)
        else:
            log.info("%s: %s speaks now (was v%d)", persona, name, known.number)

    async def _follow_canary(self, persona: str) -> None:
        """A canary that cannot speak leaves its channels to the active version."""
        try:
            canary = await asyncio.to_thread(read_canary, self._registry, persona)
            if canary == self._tried_canaries.get(persona):
                return
            ended = self._canaries.pop(persona, None)
            self._tried_canaries[persona] = canary
            await self._release(persona, ended[1] if ended else None)
            if canary is None:
                log.info("%s: the canary has ended", persona)
                return
            version = await asyncio.to_thread(self._registry.version, persona, canary.number)
            await self._load(version)
        except NOT_NOW:
            self._tried_canaries.pop(persona, None)
            return
        except Exception as error:
            self._canaries.pop(persona, None)
            if self._canary_problems.get(persona) != (sentence := _sentence(error)):
                self._canary_problems[persona] = sentence
                log.error("%s: the canary cannot speak: %s", persona, sentence, exc_info=_unforeseen(error))
            return
        self._canary_problems.pop(persona, None)
        self._canaries[persona] = (canary, version)
        log.info("%s: as a canary, %s", persona, canary)

    async def _load(self, version: AdapterVersion) -> None:
        """Have it resident and tried out. Raises AdapterError; one that cannot answer takes no slot.

        One that was refused is read again after a while only: it may be large, and this is asked every second.
        """
        refused, error = self._refused.get(version, (0.0, None))
        if error is not None and time.monotonic() < refused + self._patience:
            raise error
        try:
            await self._engine.load(version)
            await try_out(self._engine, version)
        except AdapterError as error:
            self._refused[version] = time.monotonic(), error
            await self._engine.unload(version)
            raise
        self._refused.pop(version, None)

    async def _release(self, persona: str, version: AdapterVersion | None) -> None:
        """Give back what a version takes that speaks nowhere any more; replies under way finish on it."""
        canary = self._canaries[persona][1] if persona in self._canaries else None
        if version is not None and version not in (self._speaking.get(persona), canary):
            await self._engine.unload(version)

    def _complain(self, persona: str, error: Exception) -> None:
        if self._problems.get(persona) == (sentence := _sentence(error)):
            return
        self._problems[persona] = sentence
        known = self._speaking.get(persona)
        result = f"v{known.number} goes on speaking." if known else "It cannot speak."
        log.error("%s: %s %s", persona, sentence, result, exc_info=_unforeseen(error))


def _sentence(error: Exception) -> str:
    if isinstance(error, OperatorError):
        return str(error)
    return f"Its folder could not be read ({type(error).__name__}); see the log for details."


def _unforeseen(error: Exception) -> Exception | None:
    """What the log shows the traceback of."""
    return None if isinstance(error, OperatorError) else error
