"""Who speaks in a channel: the persona chosen there, else for its parent (of a thread), else the default.

The choice lives in the store, so it survives restarts. Knows nothing of Discord: channels are ids.
"""

from bot.errors import ConfigError
from bot.personas.catalog import Persona, PersonaCatalog
from bot.store import Store


class ChannelPersonas:
    def __init__(self, store: Store, catalog: PersonaCatalog, default: str) -> None:
        """Raises ConfigError when `default` names no persona."""
        if default not in catalog.names():
            raise ConfigError(
                f"personas.default = {default!r}: no such persona; choose one of {', '.join(catalog.names())}."
            )
        self._store = store
        self._catalog = catalog
        self.default = default

    async def speaking(self, channel_id: int, parent_id: int | None = None, guild_id: int | None = None) -> Persona:
        """Who speaks in the channel. Raises UnknownPersona when the chosen one's card is gone."""
        return self._catalog.get(await self.chosen(channel_id, parent_id) or self.default, guild_id)

    async def chosen(self, channel_id: int, parent_id: int | None = None) -> str | None:
        """The name chosen for the channel, else for its parent, else None. The persona may no longer exist."""
        name = await self._store.channel_persona(channel_id)
        if name is None and parent_id is not None:
            name = await self._store.channel_persona(parent_id)
        return name

    async def answers_all(self, channel_id: int, parent_id: int | None = None) -> bool:
        """Whether the persona answers there without being addressed: the channel's own choice, else its parent's."""
        if parent_id is None or await self._store.channel_persona(channel_id) is not None:
            return await self._store.auto_reply(channel_id)
        return await self._store.auto_reply(parent_id)

    async def switch(
        self, channel_id: int, guild_id: int | None, name: str, chosen_by: int, *, auto_reply: bool = False
    ) -> Persona:
        """Let `name` speak in the channel from now on; with `auto_reply`, also where nobody addressed it.

        Raises UnknownPersona; then nothing has changed.
        """
        persona = self._catalog.get(name, guild_id)
        await self._store.set_channel_persona(channel_id, guild_id, persona.name, chosen_by, auto_reply=auto_reply)
        return persona

    async def reset(self, channel_id: int) -> None:
        """Forget the channel's own choice: its parent's or the default persona speaks again."""
        await self._store.clear_channel_persona(channel_id)
