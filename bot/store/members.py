"""Owns what the database knows about one member: all of it can be shown, and all of it can be removed."""

import time
from typing import Any

from bot.store.database import Transaction
from bot.store.records import StoredReply
from bot.store.rows import SELECT_REPLY, stored_reply
from bot.store.tables import Tables


class Members(Tables):
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


async def member_rows(transaction: Transaction, member_id: int) -> dict[str, Any]:
    """Every row about the member, fit for JSON: ids are numbers, times unix seconds."""

    async def rows(sql: str) -> list[dict[str, Any]]:
        return [dict(row) for row in await transaction.rows(sql, (member_id,))]

    replies = [
        stored_reply(row)
        for row in await transaction.rows(
            SELECT_REPLY + "JOIN reply_authors ON reply_authors.reply_id = replies.id WHERE member_id = ? ORDER BY id",
            (member_id,),
        )
    ]
    consent = await rows("SELECT granted, answered_at FROM consents WHERE member_id = ?")
    return {
        "member_id": member_id,
        "consent": {**consent[0], "granted": bool(consent[0]["granted"])} if consent else None,
        "replies": [_asked_by(reply, member_id) for reply in replies if reply.record.asker_id == member_id],
        "quoted_in": [_quoted(reply, member_id) for reply in replies if reply.record.asker_id != member_id],
        "votes": await rows(
            "SELECT reply_id, value, source, reason, voted_at FROM votes WHERE voter_id = ? ORDER BY voted_at"
        ),
        "corrections": await rows(
            "SELECT id, reply_id, text, corrected_at FROM corrections WHERE author_id = ? ORDER BY id"
        ),
        "comparisons": await rows(
            """SELECT kept_reply_id, other_reply_id, compared_at FROM comparisons
            WHERE member_id = ? ORDER BY compared_at"""
        ),
        "personas_chosen": await rows(
            "SELECT channel_id, guild_id, persona, auto_reply, set_at FROM channels WHERE set_by = ? ORDER BY set_at"
        ),
        "personas_made": await rows(
            "SELECT guild_id, name, card, changed_at FROM server_personas WHERE author_id = ? ORDER BY changed_at"
        ),
        "identities_set": await rows(
            "SELECT channel_id, guild_id, set_at FROM identities WHERE set_by = ? ORDER BY set_at"
        ),
        "collection_switched_off": await rows(
            "SELECT channel_id, guild_id, set_at FROM collection_off WHERE set_by = ? ORDER BY set_at"
        ),
    }


async def erase_member(transaction: Transaction, member_id: int) -> int:
    """Remove every row about the member; the number of rows removed or changed.

    A reply whose prompt holds the member's words goes as a whole, with the votes others gave it: a reply that
    lacks a part of what was sent to the model could train nothing.
    """
    touched = 0
    for sql in (
        "DELETE FROM votes WHERE voter_id = ?",
        "DELETE FROM corrections WHERE author_id = ?",
        "DELETE FROM comparisons WHERE member_id = ?",
        "DELETE FROM replies WHERE id IN (SELECT reply_id FROM reply_authors WHERE member_id = ?)",
        "DELETE FROM consents WHERE member_id = ?",
        "UPDATE channels SET set_by = NULL WHERE set_by = ?",
        "UPDATE server_personas SET author_id = NULL WHERE author_id = ?",
        "UPDATE identities SET set_by = NULL WHERE set_by = ?",
        "UPDATE collection_off SET set_by = NULL WHERE set_by = ?",
    ):
        touched += await transaction.change(sql, (member_id,))
    return touched


def _asked_by(reply: StoredReply, member_id: int) -> dict[str, Any]:
    record = reply.record
    return {
        "id": reply.id,
        "channel_id": record.channel_id,
        "guild_id": record.guild_id,
        "message_ids": list(reply.message_ids),
        "persona": record.persona,
        "adapter_number": record.adapter_number,
        "asker_name": record.asker_name,
        "asked_message_id": record.asked_message_id,
        "asked": record.asked,
        "answered": record.text,
        "messages": _words_of(reply, member_id),
        "source": record.source,
        "created_at": record.created_at,
    }


def _quoted(reply: StoredReply, member_id: int) -> dict[str, Any]:
    """The member's words that another member's question took along as context."""
    return {
        "reply_id": reply.id,
        "channel_id": reply.record.channel_id,
        "messages": _words_of(reply, member_id),
        "created_at": reply.record.created_at,
    }


def _words_of(reply: StoredReply, member_id: int) -> list[str]:
    return [message.content for message in reply.record.messages if message.author_id == member_id]
