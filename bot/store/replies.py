"""Adds replies and finds them again, with the conversations they make up.

A reply whose words were removed is found no more; its row stays for its figures.
"""

import sqlite3
import time
from collections.abc import Sequence

from bot.store import reply_ids
from bot.store.database import Transaction
from bot.store.erasures import Erasures, Mark
from bot.store.records import SCENE, Exchange, ReplyRecord, StoredReply
from bot.store.revisions import HELD, remove_words, replace_words
from bot.store.rows import (
    INSERT_REPLY,
    MESSAGES,
    OUTCOME,
    RECORD_COLUMNS,
    SELECT_REPLY,
    authors,
    quoted,
    record_values,
    storable,
    stored_reply,
)
from bot.store.tables import Tables
from bot.store.turns import put_messages

LONGEST_RUN = 3600.0  # seconds; a reply that has run for longer was left behind by a bot that died
_COLLECTED = """NOT EXISTS (SELECT 1 FROM collection_off
    WHERE collection_off.guild_id = replies.guild_id
        AND collection_off.channel_id IN (0, replies.channel_id, replies.parent_channel_id))"""
# What a conversation is made of: of several answers to one question the kept one, in the place of the first. What
# personas said to each other in a scene is none of the members' conversation.
_SPOKEN = f"removed_at IS NULL AND NOT superseded AND source != '{SCENE}'"
_PLACE = "coalesce(regenerates, id)"
_SINCE_FORGOTTEN = """id > coalesce(
    (SELECT last_reply_id FROM forgets WHERE forgets.channel_id = replies.channel_id), 0)"""
_EXCHANGE = f"""SELECT asked, text, asker_id, created_at, id, asker_name, parent_reply_id, {_PLACE} AS place
FROM replies"""  # noqa: S608 - our own SQL

# The newest ones are found by the index, whatever the channel's length; only they are put in order.
EXCHANGES = f"""SELECT * FROM (
    {_EXCHANGE} WHERE channel_id = ? AND persona = ? AND created_at >= ? AND {_SPOKEN} AND {_SINCE_FORGOTTEN}
    ORDER BY id DESC LIMIT ?
) ORDER BY place"""  # noqa: S608 - our own SQL

# The reply, what it answered to, what that answered to …; a reply that names no parent follows the one before it.
_CHAIN = f"""WITH RECURSIVE chain (id, depth) AS (
    SELECT ?1, 0
    UNION ALL
    SELECT coalesce(answer.parent_reply_id, (
        SELECT replies.id FROM replies
        WHERE replies.channel_id = answer.channel_id AND replies.persona = answer.persona
            AND replies.id < coalesce(answer.regenerates, answer.id)
            AND {_SPOKEN} AND {_SINCE_FORGOTTEN}
        ORDER BY replies.id DESC LIMIT 1
    )), depth + 1
    FROM chain JOIN replies AS answer ON answer.id = chain.id
    WHERE depth + 1 < ?2
)
SELECT asked, text, asker_id, created_at, replies.id, asker_name, parent_reply_id
FROM chain JOIN replies ON replies.id = chain.id WHERE removed_at IS NULL ORDER BY depth DESC"""  # noqa: S608 - our own SQL


class ReplyStore(Tables):
    @property
    def erasures(self) -> Erasures:
        """What was deleted lately: whoever reads words to make a reply of them takes a mark of it first."""
        return self._database.erasures

    async def add_reply(self, record: ReplyRecord, message_ids: Sequence[int] = ()) -> int:
        """Store a finished reply and the messages that show it; its id, which is never used again.

        One that regenerates another stands beside it: the conversation keeps the first until a member keeps the other.
        """
        async with self._database.transaction() as transaction:
            reply_id = await _insert(transaction, record)
            await _link(transaction, reply_id, message_ids)
        return reply_id

    async def begin_reply(self, record: ReplyRecord, since: Mark) -> int | None:
        """Store what a reply is made of while it runs, so that whatever deletes those words strikes the reply as well.

        Only `finish_reply` makes it one that can be found, voted on and remembered. `since`: the erasures when the
        reply's words were read. None when some of them are deleted by now: the reply must not be stored.
        """
        async with self._database.transaction() as transaction:
            await transaction.change(
                "DELETE FROM replies WHERE removed_at = 0 AND created_at < ?", (time.time() - LONGEST_RUN,)
            )
            if not await _still_asked(transaction, record):
                return None
            reply_id = await _insert(transaction, record)
            await transaction.change("UPDATE replies SET removed_at = 0 WHERE id = ?", (reply_id,))
        if self.erasures.touch(record, since):  # while the row was not there yet
            await self.drop_reply(reply_id)
            return None
        return reply_id

    async def finish_reply(self, reply_id: int, record: ReplyRecord, message_ids: Sequence[int] = ()) -> bool:
        """Store how a reply that was begun ended. False when it, or words that it was made of, were deleted meanwhile.

        What was asked stays as it is in the row: the member may have edited it.
        """
        columns = ", ".join(f"{name} = ?" for name in OUTCOME)
        async with self._database.transaction() as transaction:
            finished = await transaction.change(
                f"""UPDATE replies SET {columns}, removed_at = NULL, collected = collected AND {_COLLECTED}
                WHERE id = ? AND removed_at = 0""",  # noqa: S608 - our own column names
                [*record_values(record, OUTCOME), reply_id],
            )
            if finished:
                await _link(transaction, reply_id, message_ids)
        return finished > 0

    async def continue_reply(self, reply_id: int, before: str, record: ReplyRecord, message_ids: Sequence[int]) -> bool:
        """Store how a reply went on that said `before`, and the messages that show it now.

        False when it was deleted or went on otherwise meanwhile. Votes on it stay.
        """
        async with self._database.transaction() as transaction:
            changed = await transaction.change(
                """UPDATE replies SET text = ?, finish_reason = ?, completion_tokens = ?, total_s = ?, continued = ?
                WHERE id = ? AND removed_at IS NULL AND text = ?""",
                [
                    *record_values(record, ("text", "finish_reason", "completion_tokens", "total_s", "continued")),
                    reply_id,
                    before,
                ],
            )
            if changed:
                await _link(transaction, reply_id, message_ids)
        return changed > 0

    async def drop_reply(self, reply_id: int) -> None:
        """Forget a reply that was begun and came to nothing. One that is finished stays."""
        async with self._database.transaction() as transaction:
            await transaction.change("DELETE FROM replies WHERE id = ? AND removed_at = 0", (reply_id,))

    async def reply(self, reply_id: int) -> StoredReply | None:
        rows = await self._database.rows(SELECT_REPLY + "WHERE id = ? AND removed_at IS NULL", (reply_id,))
        return stored_reply(rows[0]) if rows else None

    async def reply_of_message(self, message_id: int) -> StoredReply | None:
        rows = await self._database.rows(
            SELECT_REPLY + "JOIN reply_messages ON reply_messages.reply_id = replies.id "
            "WHERE message_id = ? AND removed_at IS NULL",
            (message_id,),
        )
        return stored_reply(rows[0]) if rows else None

    async def replies_asked_by(self, message_id: int) -> list[StoredReply]:
        """The answers to a member's message, first to last."""
        rows = await self._database.rows(
            SELECT_REPLY + "WHERE asked_message_id = ? AND removed_at IS NULL ORDER BY id", (message_id,)
        )
        return [stored_reply(row) for row in rows]

    async def exchanges(self, channel_id: int, persona: str, limit: int, since: float) -> list[Exchange]:
        """The last `limit` exchanges of the channel with this persona since its last /forget, oldest first.

        since: unix seconds; older ones are left out. Of several answers to one question the kept one is given.
        """
        rows = await self._database.rows(EXCHANGES, (channel_id, persona, since, limit))
        return [_exchange(row) for row in rows]

    async def chain(self, reply_id: int, limit: int) -> list[Exchange]:
        """At most `limit` exchanges that end with this reply, oldest first: what it answered to, and so on.

        A reply that answered none follows the one before it in its channel, with its persona, since the last /forget.
        """
        return [_exchange(row) for row in await self._database.rows(_CHAIN, (reply_id, limit))]

    async def edit_asked(self, message_id: int, text: str) -> int:
        """The member edited their message: their old words are gone everywhere; the number of its replies.

        Conversations go on with the new words; nothing that was made from the old ones trains a persona.
        """
        if not await self._is_held(message_id):
            return 0
        async with self._database.transaction() as transaction:
            return await replace_words(transaction, message_id, storable(text))

    async def remove_asked(self, message_id: int) -> int:
        """The member deleted their message: its replies lose all words and leave the conversation; how many they were.

        The votes on them still count in the figures.
        """
        if not await self._is_held(message_id):
            return 0
        async with self._database.transaction() as transaction:
            await replace_words(transaction, message_id, "")
            rows = await transaction.rows(
                f"SELECT id FROM replies WHERE asked_message_id = ? AND {HELD}",  # noqa: S608 - our own SQL
                (message_id,),
            )
            await remove_words(transaction, [row["id"] for row in rows])
        await self._database.scrub()
        return len(rows)

    async def remove_reply(self, reply_id: int) -> bool:
        """Take the reply out of its conversation and out of training, with its words. False when there is none."""
        async with self._database.transaction() as transaction:
            removed = await remove_words(transaction, [reply_id])
        return removed > 0

    async def remove_channel(self, channel_id: int) -> int:
        """The channel or thread was deleted: what was said there, and in its threads, is gone; how many replies."""
        async with self._database.transaction() as transaction:
            rows = await transaction.rows(
                f"SELECT id FROM replies WHERE ? IN (channel_id, parent_channel_id) AND {HELD}",  # noqa: S608 - our own
                (channel_id,),
            )
            removed = await remove_words(transaction, [row["id"] for row in rows])
            for table in ("channels", "identities", "collection_off", "forgets"):
                await transaction.change(
                    f"DELETE FROM {table} WHERE channel_id = ?",  # noqa: S608 - our own table names
                    (channel_id,),
                )
            self.erasures.note("channel", channel_id)
        if removed:
            await self._database.scrub()
        return removed

    async def messages_by_channel(self) -> dict[int, list[int]]:
        """The messages of Discord whose words are stored, by channel, oldest first."""
        rows = await self._database.rows(
            """SELECT channel_id, asked_message_id AS message_id FROM replies
                WHERE removed_at IS NULL AND asked_message_id IS NOT NULL
            UNION SELECT channel_id, min(message_id) FROM replies JOIN reply_messages ON reply_id = id
                WHERE removed_at IS NULL GROUP BY id
            ORDER BY channel_id, message_id"""
        )
        channels: dict[int, list[int]] = {}
        for row in rows:
            channels.setdefault(row["channel_id"], []).append(row["message_id"])
        return channels

    async def is_known(self, message_id: int) -> bool:
        """Whether anything that is stored, or will be, was asked or answered in the message, or quotes it."""
        rows = await self._database.rows(
            f"""SELECT 1 FROM replies WHERE asked_message_id = ?1 AND {HELD}
            UNION ALL SELECT 1 FROM reply_messages WHERE message_id = ?1
            UNION ALL SELECT 1 FROM reply_quotes WHERE message_id = ?1 LIMIT 1""",  # noqa: S608 - our own SQL
            (message_id,),
        )
        return bool(rows)

    async def _is_held(self, message_id: int) -> bool:
        """Whether words of the message are stored; a reply that is about to begin learns that they were taken back."""
        self.erasures.note("message", message_id)
        return bool(
            await self._database.rows(
                f"""SELECT 1 FROM replies WHERE asked_message_id = ?1 AND {HELD}
                UNION ALL SELECT 1 FROM reply_quotes WHERE message_id = ?1 LIMIT 1""",  # noqa: S608 - our own SQL
                (message_id,),
            )
        )


async def _insert(transaction: Transaction, record: ReplyRecord) -> int:
    values = dict(zip(RECORD_COLUMNS, record_values(record), strict=True))
    [row] = await transaction.rows(INSERT_REPLY, [reply_ids.next_id(), *{**values, "messages": "[]"}.values()])
    reply_id = int(row["id"])
    await put_messages(transaction, reply_id, values["messages"])
    await transaction.change_many(
        "INSERT INTO reply_authors (member_id, reply_id) VALUES (?, ?)",
        [(member_id, reply_id) for member_id in authors(record)],
    )
    await transaction.change_many(
        "INSERT INTO reply_quotes (message_id, reply_id) VALUES (?, ?)",
        [(message_id, reply_id) for message_id in quoted(record)],
    )
    await transaction.change(
        f"UPDATE replies SET superseded = regenerates IS NOT NULL, collected = {_COLLECTED} WHERE id = ?",  # noqa: S608
        (reply_id,),
    )
    return reply_id


async def _still_asked(transaction: Transaction, record: ReplyRecord) -> bool:
    """Whether the first answer to the same question still holds the words that a further one is made of."""
    if record.regenerates is None:
        return True
    rows = await transaction.rows(
        f"SELECT {MESSAGES} AS messages FROM replies WHERE id = ? AND {HELD}",  # noqa: S608 - our own SQL
        (record.regenerates,),
    )
    return bool(rows) and rows[0]["messages"] == record_values(record, ("messages",))[0]


async def _link(transaction: Transaction, reply_id: int, message_ids: Sequence[int]) -> None:
    """Say which messages show the reply. A message shows one reply, the last it was linked to."""
    await transaction.change_many(
        """INSERT INTO reply_messages (message_id, reply_id) SELECT ?, id FROM replies WHERE id = ?
        ON CONFLICT (message_id) DO UPDATE SET reply_id = excluded.reply_id""",
        [(message_id, reply_id) for message_id in message_ids],
    )


def _exchange(row: sqlite3.Row) -> Exchange:
    return Exchange(
        asked=row["asked"],
        answered=row["text"],
        asker_id=row["asker_id"],
        created_at=row["created_at"],
        reply_id=row["id"],
        asker_name=row["asker_name"],
        parent_reply_id=row["parent_reply_id"],
    )
