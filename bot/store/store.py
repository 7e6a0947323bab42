"""Owns the running bot's access to the database. Knows neither Discord nor personas: ids, names and text."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from bot.store.database import BUSY_TIMEOUT_S, Database, Transaction
from bot.store.members import erase_member, member_rows
from bot.store.records import Exchange, ReplyRecord, StoredReply, VoteCount
from bot.store.rows import INSERT_REPLY, SELECT_REPLY, authors, record_values, storable, stored_reply


class Store:
    """Every method may be called from many tasks at once; what it writes is on disk when it returns.

    Every method raises StoreError when the file cannot be used; nothing that was stored before is lost then.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    async def open(cls, path: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> "Store":
        """Create the folder and the file where they are missing, and bring an older schema up to date.

        Raises StoreError when the file is locked for longer than `busy_timeout_s`, read-only, damaged, not ours,
        or from a newer Troupe. Close what you open: its threads keep the process alive.
        """
        return cls(await Database.open(path, busy_timeout_s))

    async def close(self) -> None:
        await self._database.close()

    # Channels

    async def set_channel_persona(self, channel_id: int, guild_id: int | None, persona: str, set_by: int) -> None:
        async with self._database.transaction() as transaction:
            await transaction.change(
                """INSERT INTO channels (channel_id, guild_id, persona, set_by, set_at) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (channel_id) DO UPDATE SET guild_id = excluded.guild_id, persona = excluded.persona,
                    set_by = excluded.set_by, set_at = excluded.set_at""",
                (channel_id, guild_id, persona, set_by, time.time()),
            )

    async def channel_persona(self, channel_id: int) -> str | None:
        rows = await self._database.rows("SELECT persona FROM channels WHERE channel_id = ?", (channel_id,))
        return rows[0]["persona"] if rows else None

    async def clear_channel_persona(self, channel_id: int) -> None:
        async with self._database.transaction() as transaction:
            await transaction.change("DELETE FROM channels WHERE channel_id = ?", (channel_id,))

    async def forget_channel(self, channel_id: int) -> None:
        """Let the channel's conversation start afresh with the next reply that is added; the rows stay."""
        async with self._database.transaction() as transaction:
            await transaction.change(
                """INSERT INTO forgets (channel_id, last_reply_id, forgotten_at)
                SELECT ?, coalesce(max(id), 0), ? FROM replies WHERE true
                ON CONFLICT (channel_id) DO UPDATE SET last_reply_id = excluded.last_reply_id,
                    forgotten_at = excluded.forgotten_at""",
                (channel_id, time.time()),
            )

    # Replies

    async def add_reply(self, record: ReplyRecord, message_ids: Sequence[int] = ()) -> int:
        """Store a finished reply and the messages that show it; its id, which is never used again."""
        async with self._database.transaction() as transaction:
            [row] = await transaction.rows(INSERT_REPLY, record_values(record))
            reply_id = int(row["id"])
            await transaction.change_many(
                "INSERT INTO reply_authors (member_id, reply_id) VALUES (?, ?)",
                [(member_id, reply_id) for member_id in authors(record)],
            )
            await _link(transaction, reply_id, message_ids)
        return reply_id

    async def link_messages(self, reply_id: int, message_ids: Sequence[int]) -> None:
        """Say which messages show the reply. A message shows one reply, the last it was linked to."""
        async with self._database.transaction() as transaction:
            await _link(transaction, reply_id, message_ids)

    async def reply(self, reply_id: int) -> StoredReply | None:
        rows = await self._database.rows(SELECT_REPLY + "WHERE id = ?", (reply_id,))
        return stored_reply(rows[0]) if rows else None

    async def reply_of_message(self, message_id: int) -> StoredReply | None:
        rows = await self._database.rows(
            SELECT_REPLY + "JOIN reply_messages ON reply_messages.reply_id = replies.id WHERE message_id = ?",
            (message_id,),
        )
        return stored_reply(rows[0]) if rows else None

    async def exchanges(self, channel_id: int, persona: str, limit: int, since: float) -> list[Exchange]:
        """The last `limit` exchanges of the channel with this persona since its last /forget, oldest first.

        since: unix seconds; older ones are left out.
        """
        rows = await self._database.rows(
            """SELECT asked, text, asker_id, created_at FROM replies
            WHERE channel_id = ? AND persona = ? AND created_at >= ?
                AND id > coalesce((SELECT last_reply_id FROM forgets WHERE forgets.channel_id = replies.channel_id), 0)
            ORDER BY id DESC LIMIT ?""",
            (channel_id, persona, since, limit),
        )
        return [Exchange(row["asked"], row["text"], row["asker_id"], row["created_at"]) for row in reversed(rows)]

    # Feedback

    async def cast_vote(self, reply_id: int, voter_id: int, value: Literal[1, -1], source: str) -> bool:
        """Set the member's one vote on the reply. False when it was so already, or the reply no longer exists."""
        async with self._database.transaction() as transaction:
            changed = await transaction.change(
                """INSERT INTO votes (reply_id, voter_id, value, source, voted_at)
                SELECT id, ?, ?, ?, ? FROM replies WHERE id = ?
                ON CONFLICT (reply_id, voter_id) DO UPDATE SET value = excluded.value, source = excluded.source,
                    voted_at = excluded.voted_at WHERE value != excluded.value""",
                (voter_id, value, source, time.time(), reply_id),
            )
        return changed > 0

    async def withdraw_vote(self, reply_id: int, voter_id: int, value: Literal[1, -1] | None = None) -> bool:
        """Remove the member's vote; with `value`, only if that is the current one. False when nothing was removed."""
        async with self._database.transaction() as transaction:
            removed = await transaction.change(
                "DELETE FROM votes WHERE reply_id = ? AND voter_id = ? AND value = coalesce(?, value)",
                (reply_id, voter_id, value),
            )
        return removed > 0

    async def vote_of(self, reply_id: int, voter_id: int) -> int | None:
        rows = await self._database.rows(
            "SELECT value FROM votes WHERE reply_id = ? AND voter_id = ?", (reply_id, voter_id)
        )
        return rows[0]["value"] if rows else None

    async def votes(self, reply_id: int) -> VoteCount:
        [row] = await self._database.rows(
            """SELECT count(*) FILTER (WHERE value = 1) AS up, count(*) FILTER (WHERE value = -1) AS down
            FROM votes WHERE reply_id = ?""",
            (reply_id,),
        )
        return VoteCount(row["up"], row["down"])

    async def add_correction(self, reply_id: int, author_id: int, text: str) -> int:
        """Store the member's better answer, in place of an earlier one by the same member; the correction's id.

        Raises LookupError when the reply no longer exists.
        """
        async with self._database.transaction() as transaction:
            rows = await transaction.rows(
                """INSERT INTO corrections (reply_id, author_id, text, corrected_at)
                SELECT id, ?, ?, ? FROM replies WHERE id = ?
                ON CONFLICT (reply_id, author_id) DO UPDATE SET text = excluded.text,
                    corrected_at = excluded.corrected_at
                RETURNING id""",
                (author_id, storable(text), time.time(), reply_id),
            )
        if not rows:
            raise LookupError(f"there is no reply {reply_id}")
        return int(rows[0]["id"])

    # Members

    async def consent(self, member_id: int) -> bool | None:
        """Whether the member's words may train personas; None: never asked."""
        rows = await self._database.rows("SELECT granted FROM consents WHERE member_id = ?", (member_id,))
        return bool(rows[0]["granted"]) if rows else None

    async def set_consent(self, member_id: int, granted: bool) -> None:
        async with self._database.transaction() as transaction:
            await transaction.change(
                """INSERT INTO consents (member_id, granted, answered_at) VALUES (?, ?, ?)
                ON CONFLICT (member_id) DO UPDATE SET granted = excluded.granted, answered_at = excluded.answered_at
                    WHERE granted != excluded.granted""",
                (member_id, granted, time.time()),
            )

    async def export_member(self, member_id: int) -> dict[str, Any]:
        """All that is stored about the member, of one moment, fit for JSON. Other members' words are left out."""
        async with self._database.transaction() as transaction:
            return await member_rows(transaction, member_id)

    async def delete_member(self, member_id: int) -> int:
        """Remove the member's votes, corrections, consent, and every reply that was made from their words.

        Returns the number of rows removed or changed. The text is overwritten in the file, not only unlinked.
        """
        async with self._database.transaction() as transaction:
            touched = await erase_member(transaction, member_id)
        await self._database.scrub()
        return touched


async def _link(transaction: Transaction, reply_id: int, message_ids: Sequence[int]) -> None:
    await transaction.change_many(
        """INSERT INTO reply_messages (message_id, reply_id) SELECT ?, id FROM replies WHERE id = ?
        ON CONFLICT (message_id) DO UPDATE SET reply_id = excluded.reply_id""",
        [(message_id, reply_id) for message_id in message_ids],
    )
