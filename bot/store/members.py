"""Owns what the database knows about one member: all of it can be shown, and all of it can be removed."""

from typing import Any

from bot.store.database import Transaction
from bot.store.records import StoredReply
from bot.store.rows import SELECT_REPLY, stored_reply


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
        "votes": await rows("SELECT reply_id, value, source, voted_at FROM votes WHERE voter_id = ? ORDER BY voted_at"),
        "corrections": await rows(
            "SELECT id, reply_id, text, corrected_at FROM corrections WHERE author_id = ? ORDER BY id"
        ),
        "personas_chosen": await rows(
            "SELECT channel_id, guild_id, persona, set_at FROM channels WHERE set_by = ? ORDER BY set_at"
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
        "DELETE FROM replies WHERE id IN (SELECT reply_id FROM reply_authors WHERE member_id = ?)",
        "DELETE FROM consents WHERE member_id = ?",
        "UPDATE channels SET set_by = NULL WHERE set_by = ?",
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
