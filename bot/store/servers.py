"""What a server decides for itself: the personas it made, and where nothing may be collected for training."""

import time

from bot.store.records import ServerCard
from bot.store.tables import Tables

WHOLE_SERVER = 0
_OF_A_SERVER = ("replies", "channels", "identities", "server_personas", "collection_off")


class ServerStore(Tables):
    async def save_server_persona(self, guild_id: int, name: str, card: str, author_id: int) -> None:
        """Add the persona, or put `card` in place of the one that has its name; its author stays."""
        async with self._database.transaction() as transaction:
            await transaction.change(
                """INSERT INTO server_personas (guild_id, name, card, author_id, changed_at) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (guild_id, name) DO UPDATE SET card = excluded.card, changed_at = excluded.changed_at""",
                (guild_id, name, card, author_id, time.time()),
            )

    async def delete_server_persona(self, guild_id: int, name: str) -> bool:
        """Remove the persona; channels where it spoke follow the default again. False when there is none."""
        async with self._database.transaction() as transaction:
            removed = await transaction.change(
                "DELETE FROM server_personas WHERE guild_id = ? AND name = ?", (guild_id, name)
            )
            if removed:
                await transaction.change("DELETE FROM channels WHERE guild_id = ? AND persona = ?", (guild_id, name))
        return removed > 0

    async def give_up_server_persona(self, guild_id: int, name: str) -> None:
        """The persona has a folder now: it goes on speaking where it spoke, and its replies may train it."""
        async with self._database.transaction() as transaction:
            await transaction.change("DELETE FROM server_personas WHERE guild_id = ? AND name = ?", (guild_id, name))
            await transaction.change(
                "UPDATE replies SET server_made = 0 WHERE guild_id = ? AND persona = ?", (guild_id, name)
            )

    async def server_personas(self) -> list[ServerCard]:
        """Those of every server, by name."""
        rows = await self._database.rows(
            "SELECT guild_id, name, card, author_id FROM server_personas ORDER BY guild_id, name"
        )
        return [ServerCard(row["guild_id"], row["name"], row["card"], row["author_id"]) for row in rows]

    async def set_collection(self, guild_id: int, channel_id: int, set_by: int, *, on: bool) -> None:
        """Allow or stop collecting training data in a channel, or (WHOLE_SERVER) everywhere on the server.

        What is written while it is off is never trained on; what was written before is not, as long as it is off.
        """
        async with self._database.transaction() as transaction:
            if on:
                await transaction.change(
                    "DELETE FROM collection_off WHERE guild_id = ? AND channel_id = ?", (guild_id, channel_id)
                )
                return
            await transaction.change(
                """INSERT INTO collection_off (guild_id, channel_id, set_by, set_at) VALUES (?, ?, ?, ?)
                ON CONFLICT (guild_id, channel_id) DO NOTHING""",
                (guild_id, channel_id, set_by, time.time()),
            )

    async def collection_off(self, guild_id: int) -> frozenset[int]:
        """The channels of the server where nothing is collected; WHOLE_SERVER stands for all of them."""
        rows = await self._database.rows("SELECT channel_id FROM collection_off WHERE guild_id = ?", (guild_id,))
        return frozenset(row["channel_id"] for row in rows)

    async def claim(self, bot_id: int) -> bool:
        """Whether the database is this bot's. One that is nobody's yet is its own from now on."""
        async with self._database.transaction() as transaction:
            await transaction.change(
                "INSERT INTO owner (bot_id) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM owner)", (bot_id,)
            )
            [owner] = await transaction.rows("SELECT bot_id FROM owner")
        return int(owner["bot_id"]) == bot_id

    async def server_ids(self) -> frozenset[int]:
        """The servers of which anything is stored."""
        rows = await self._database.rows(
            " UNION ".join(f"SELECT guild_id FROM {table} WHERE guild_id IS NOT NULL" for table in _OF_A_SERVER)  # noqa: S608
        )
        return frozenset(row["guild_id"] for row in rows)

    async def channel_ids(self, guild_id: int) -> frozenset[int]:
        """The channels and threads of the server in which something that is stored was said or decided."""
        rows = await self._database.rows(
            """SELECT channel_id FROM replies WHERE guild_id = ?1 AND removed_at IS NULL
            UNION SELECT parent_channel_id FROM replies
                WHERE guild_id = ?1 AND parent_channel_id IS NOT NULL AND removed_at IS NULL
            UNION SELECT channel_id FROM channels WHERE guild_id = ?1
            UNION SELECT channel_id FROM identities WHERE guild_id = ?1
            UNION SELECT channel_id FROM collection_off WHERE guild_id = ?1 AND channel_id != ?2""",
            (guild_id, WHOLE_SERVER),
        )
        return frozenset(row["channel_id"] for row in rows)

    async def delete_server(self, guild_id: int) -> int:
        """Remove everything that was said and decided on the server; the number of rows removed."""
        touched = 0
        async with self._database.transaction() as transaction:
            await transaction.change(
                "DELETE FROM forgets WHERE channel_id IN (SELECT channel_id FROM replies WHERE guild_id = ?)",
                (guild_id,),
            )
            for table in _OF_A_SERVER:
                touched += await transaction.change(
                    f"DELETE FROM {table} WHERE guild_id = ?",  # noqa: S608 - our own table names
                    (guild_id,),
                )
            self._database.erasures.note("server", guild_id)
        await self._database.scrub()
        return touched
