"""The personas that a server makes for itself: kept in the store, and in the catalog at once.

They speak from their prompt alone. Knows nothing of Discord: servers are ids.
"""

import asyncio
import logging
from collections.abc import Callable

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.errors import MemberError
from bot.personas.catalog import Persona, PersonaCatalog, is_valid_name
from bot.store import Store

log = logging.getLogger(__name__)

MOST = 50  # personas that one server can make


class BadPersona(MemberError):
    """What was typed makes no persona; the sentence says which field and why."""


class ServerPersonas:
    def __init__(
        self, store: Store, catalog: PersonaCatalog, check_room: Callable[[Persona], None] = lambda _: None
    ) -> None:
        """`check_room` raises BadPersona for a persona that the model cannot be told."""
        self._store = store
        self._catalog = catalog
        self._check_room = check_room

    async def load(self) -> None:
        """Let the catalog know of every persona in the store; one that no longer fits is left out, with a warning."""
        for row in await self._store.server_personas():
            try:
                persona = Persona.model_validate_json(row.card)
            except ValidationError as error:
                log.warning(
                    "server %d: its persona %r cannot be used: %s",
                    row.guild_id,
                    row.name,
                    _bad_field(error.errors()[0]),
                )
            else:
                self._catalog.add_made(row.guild_id, persona)

    async def create(self, guild_id: int, persona: Persona, author_id: int) -> None:
        """Raises BadPersona when the name is taken or the server has too many."""
        if persona.name in self._catalog.names(guild_id):
            raise BadPersona("persona-name-taken", name=persona.name)
        if len(self._catalog.made_by(guild_id)) >= MOST:
            raise BadPersona("persona-too-many", most=MOST)
        await self._save(guild_id, persona, author_id)

    async def change(self, guild_id: int, persona: Persona, author_id: int) -> None:
        """Put `persona` in place of the one that has its name. Raises BadPersona unless the server made that."""
        self.made(guild_id, persona.name)
        await self._save(guild_id, persona, author_id)

    async def delete(self, guild_id: int, name: str) -> Persona:
        """Remove it; where it spoke, the default speaks again. Raises BadPersona unless the server made it."""
        persona = self.made(guild_id, name)
        await self._store.delete_server_persona(guild_id, name)
        self._catalog.remove_made(guild_id, name)
        return persona

    def made(self, guild_id: int, name: str) -> Persona:
        """The server's own persona of that name. Raises BadPersona for a shipped one, UnknownPersona for none."""
        persona = self._catalog.get(name, guild_id)
        if self._catalog.is_shipped(name):
            raise BadPersona("persona-shipped", name=persona.display_name)
        return persona

    async def _save(self, guild_id: int, persona: Persona, author_id: int) -> None:
        await asyncio.to_thread(self._check_room, persona)
        await self._store.save_server_persona(guild_id, persona.name, persona.model_dump_json(), author_id)
        self._catalog.add_made(guild_id, persona)


def persona_from(values: dict[str, object]) -> Persona:
    """The persona that a form describes. Raises BadPersona in words a member understands."""
    name = str(values.get("name", ""))
    if not is_valid_name(name):
        raise BadPersona("persona-bad-name", name=name[:40])
    try:
        return Persona.model_validate(values)
    except ValidationError as error:
        raise _bad_field(error.errors()[0]) from None


def _bad_field(problem: ErrorDetails) -> BadPersona:
    field = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "string_too_long":
        return BadPersona("persona-too-long", field=field, limit=int(problem["ctx"]["max_length"]))
    if problem["type"] == "string_too_short":
        return BadPersona("persona-too-short", field=field)
    if field == "avatar_url":
        return BadPersona("persona-bad-picture")
    return BadPersona("persona-bad-field", field=field)
