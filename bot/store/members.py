"""Everything the database knows about one member: to be shown, or to be removed."""

import time
from typing import Any

from bot.store.database import Transaction
from bot.store.records import StoredReply
from bot.store.rows import SELECT_REPLY, stored_reply
from bot.store.tables import Tables


class MemberStore(Tables):
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

    async def delete_member(self, member_id: int, guild_id: int | None = None) -> int:
        """Remove the member's votes, corrections, consent, and every reply that was made from their words.

        With `guild_id`, only what was said on that server; consent goes when nothing else is left of the member.
        Returns the number of rows removed or changed. The text is overwritten in the file, not only unlinked.
        """
        async with self._database.transaction() as transaction:
            touched = await erase_member(transaction, member_id, guild_id)
            self._database.erasures.note("member", member_id, guild_id)
        if touched:
            await self._database.scrub()
        return touched

    async def replies_touched_by(self, member_id: int, guild_id: int | None = None) -> dict[str, frozenset[int]]:
        """By persona, the replies that hold the member's words, votes, choices or better answers (on that server)."""
        rows = await self._database.rows(
            f"""SELECT DISTINCT persona, id FROM replies WHERE {_HERE} AND id IN (
                SELECT reply_id FROM reply_authors WHERE member_id = ?1
                UNION ALL SELECT reply_id FROM votes WHERE voter_id = ?1
                UNION ALL SELECT reply_id FROM corrections WHERE author_id = ?1
                UNION ALL SELECT kept_reply_id FROM comparisons WHERE member_id = ?1
                UNION ALL SELECT other_reply_id FROM comparisons WHERE member_id = ?1)""",  # noqa: S608 - our own SQL
            (member_id, guild_id),
        )
        personas = {row["persona"] for row in rows}
        return {name: frozenset(row["id"] for row in rows if row["persona"] == name) for name in sorted(personas)}

    async def replies_of_place(self, guild_id: int, channel_id: int) -> dict[str, frozenset[int]]:
        """By persona, the replies of a channel and the threads below it; WHOLE_SERVER: of the whole server."""
        rows = await self._database.rows(
            "SELECT persona, id FROM replies WHERE guild_id = ?1 AND ?2 IN (0, channel_id, parent_channel_id)",
            (guild_id, channel_id),
        )
        personas = {row["persona"] for row in rows}
        return {name: frozenset(row["id"] for row in rows if row["persona"] == name) for name in sorted(personas)}

    async def members_of_server(self, guild_id: int) -> list[int]:
        """The members of whom words or opinions from that server are stored."""
        rows = await self._database.rows(
            """SELECT member_id FROM reply_authors JOIN replies ON replies.id = reply_id WHERE guild_id = ?1
            UNION SELECT voter_id FROM votes JOIN replies ON replies.id = reply_id WHERE guild_id = ?1
            UNION SELECT author_id FROM corrections JOIN replies ON replies.id = reply_id WHERE guild_id = ?1
            UNION SELECT member_id FROM comparisons JOIN replies ON replies.id = kept_reply_id WHERE guild_id = ?1""",
            (guild_id,),
        )
        return [row["member_id"] for row in rows]


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


# ?1: the member, ?2: the server, or NULL for everywhere.
_HERE = "(?2 IS NULL OR guild_id = ?2)"
_ERASE = (
    """DELETE FROM votes WHERE voter_id = ?1
        AND EXISTS (SELECT 1 FROM replies WHERE replies.id = reply_id AND {here})""",
    """DELETE FROM corrections WHERE author_id = ?1
        AND EXISTS (SELECT 1 FROM replies WHERE replies.id = reply_id AND {here})""",
    """DELETE FROM comparisons WHERE member_id = ?1
        AND EXISTS (SELECT 1 FROM replies WHERE replies.id = kept_reply_id AND {here})""",
    "DELETE FROM replies WHERE id IN (SELECT reply_id FROM reply_authors WHERE member_id = ?1) AND {here}",
    """DELETE FROM consents WHERE member_id = ?1 AND (?2 IS NULL OR NOT EXISTS (
        SELECT 1 FROM reply_authors WHERE member_id = ?1
        UNION ALL SELECT 1 FROM votes WHERE voter_id = ?1
        UNION ALL SELECT 1 FROM corrections WHERE author_id = ?1))""",
    "UPDATE channels SET set_by = NULL WHERE set_by = ?1 AND {here}",
    "UPDATE server_personas SET author_id = NULL WHERE author_id = ?1 AND {here}",
    "UPDATE identities SET set_by = NULL WHERE set_by = ?1 AND {here}",
    "UPDATE collection_off SET set_by = NULL WHERE set_by = ?1 AND {here}",
)


async def erase_member(transaction: Transaction, member_id: int, guild_id: int | None = None) -> int:
    """Remove every row about the member, with `guild_id` those of that server; the number of rows touched.

    A reply whose prompt holds the member's words goes as a whole, with the votes others gave it: a reply that
    lacks a part of what was sent to the model could train nothing.
    """
    return sum([await transaction.change(sql.format(here=_HERE), (member_id, guild_id)) for sql in _ERASE])


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
