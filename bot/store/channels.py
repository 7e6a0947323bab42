"""What was decided for a channel: who speaks there, how, and since when the conversation counts."""

import time

from bot.store.records import ChannelChoice
from bot.store.tables import Tables


class ChannelStore(Tables):
    async def set_channel_persona(
        self, channel_id: int, guild_id: int | None, persona: str, set_by: int, *, auto_reply: bool = False
    ) -> None:
        """Let `persona` speak in the channel; with `auto_reply`, also where nobody addressed it."""
        async with self._database.transaction() as transaction:
            await transaction.change(
                """INSERT INTO channels (channel_id, guild_id, persona, set_by, set_at, auto_reply)
                VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (channel_id) DO UPDATE SET guild_id = excluded.guild_id, persona = excluded.persona,
                    set_by = excluded.set_by, set_at = excluded.set_at, auto_reply = excluded.auto_reply""",
                (channel_id, guild_id, persona, set_by, time.time(), auto_reply),
            )

    async def channel_choice(self, channel_id: int) -> ChannelChoice | None:
        rows = await self._database.rows(
            "SELECT persona, guild_id, auto_reply FROM channels WHERE channel_id = ?", (channel_id,)
        )
        return ChannelChoice(rows[0]["persona"], rows[0]["guild_id"], bool(rows[0]["auto_reply"])) if rows else None

    async def channel_persona(self, channel_id: int) -> str | None:
        choice = await self.channel_choice(channel_id)
        return choice.persona if choice else None

    async def auto_reply(self, channel_id: int) -> bool:
        """Whether the channel's persona answers messages that do not address it."""
        choice = await self.channel_choice(channel_id)
        return choice is not None and choice.auto_reply

    async def clear_channel_persona(self, channel_id: int) -> None:
        async with self._database.transaction() as transaction:
            await transaction.change("DELETE FROM channels WHERE channel_id = ?", (channel_id,))

    async def has_identity(self, channel_id: int) -> bool:
        """Whether personas speak in the channel under their own name and picture."""
        return bool(await self._database.rows("SELECT 1 FROM identities WHERE channel_id = ?", (channel_id,)))

    async def set_identity(self, channel_id: int, guild_id: int, set_by: int, *, on: bool) -> None:
        async with self._database.transaction() as transaction:
            if not on:
                await transaction.change("DELETE FROM identities WHERE channel_id = ?", (channel_id,))
                return
            await transaction.change(
                """INSERT INTO identities (channel_id, guild_id, set_by, set_at) VALUES (?, ?, ?, ?)
                ON CONFLICT (channel_id) DO UPDATE SET set_by = excluded.set_by, set_at = excluded.set_at""",
                (channel_id, guild_id, set_by, time.time()),
            )

    async def forget_channel(self, channel_id: int) -> None:
        """Let the channel's conversation start afresh with the next reply that is begun; the rows stay."""
        async with self._database.transaction() as transaction:
            await transaction.change(
                """INSERT INTO forgets (channel_id, last_reply_id, forgotten_at)
                SELECT ?, coalesce(max(id), 0), ? FROM replies WHERE true
                ON CONFLICT (channel_id) DO UPDATE SET last_reply_id = excluded.last_reply_id,
                    forgotten_at = excluded.forgotten_at""",
                (channel_id, time.time()),
            )
            self._database.erasures.note("channel", channel_id)
