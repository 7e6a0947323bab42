"""Follows the versions on disk: which one speaks for each persona in this process, also after a promotion or a canary.

A new version is loaded beside the old one before it speaks; replies under way finish on the old one.
"""

import asyncio
import logging
from collections.abc import Iterable

from bot.engine import Engine
from bot.errors import OperatorError, PersonaUnavailable
from bot.personas.catalog import PersonaCatalog
from bot.versions.canary import Canary, read_canary
from bot.versions.registry import AdapterRegistry, AdapterVersion

log = logging.getLogger(__name__)


class ActiveVersions:
    def __init__(
        self, registry: AdapterRegistry, catalog: PersonaCatalog, engine: Engine, *, poll_seconds: float = 1.0
    ) -> None:
        self._registry = registry
        self._catalog = catalog
        self._engine = engine
        self._poll_seconds = poll_seconds
        self._speaking: dict[str, AdapterVersion | None] = {}
        self._canaries: dict[str, tuple[Canary, AdapterVersion]] = {}
        self._tried_canaries: dict[str, Canary | None] = {}
        self._canary_problems: dict[str, str] = {}
        self._problems: dict[str, str] = {}

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

    def problem(self, persona: str) -> str | None:
        """Why the active version on disk does not speak, in one plain sentence for the operator."""
        return self._problems.get(persona)

    async def check(self, personas: Iterable[str] | None = None) -> None:
        """Read every card that changed and every persona's `active` pointer once, and follow them."""
        await self._follow_cards()
        for persona in self._catalog.names() if personas is None else personas:
            try:
                await self._follow(persona)
            except OperatorError as error:
                self._complain(persona, str(error))
            await self._follow_canary(persona)

    async def watch(self) -> None:
        """Follow new personas, changed cards, promotions and rollbacks until cancelled."""
        while True:
            await asyncio.sleep(self._poll_seconds)
            await self.check()

    async def _follow_cards(self) -> None:
        """A card that cannot be read changes nothing until it is mended."""
        try:
            if await asyncio.to_thread(self._catalog.follow):
                log.info("the cards changed; the personas are now %s", ", ".join(self._catalog.names()))
        except OperatorError as error:
            log.error("the cards changed, but %s The personas stay as they were.", error)

    async def _follow(self, persona: str) -> None:
        known = self._speaking.get(persona)
        version = await asyncio.to_thread(self._registry.active, persona)
        if persona in self._speaking and version == known:
            self._problems.pop(persona, None)
            return
        if version is not None:
            await self._engine.load(version)
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
            await self._engine.load(version)
        except OperatorError as error:
            self._canaries.pop(persona, None)
            if self._canary_problems.get(persona) != str(error):
                self._canary_problems[persona] = str(error)
                log.error("%s: the canary cannot speak: %s", persona, error)
            return
        self._canary_problems.pop(persona, None)
        self._canaries[persona] = (canary, version)
        log.info("%s: as a canary, %s", persona, canary)

    async def _release(self, persona: str, version: AdapterVersion | None) -> None:
        """Give back what a version takes that speaks nowhere any more; replies under way finish on it."""
        canary = self._canaries[persona][1] if persona in self._canaries else None
        if version is not None and version not in (self._speaking.get(persona), canary):
            await self._engine.unload(version)

    def _complain(self, persona: str, sentence: str) -> None:
        if self._problems.get(persona) == sentence:
            return
        self._problems[persona] = sentence
        known = self._speaking.get(persona)
        log.error("%s: %s %s", persona, sentence, f"v{known.number} goes on speaking." if known else "It cannot speak.")
