"""What members thought of replies: votes and their reasons, better answers, choices between two answers."""

import time
from typing import Literal

from bot.store.database import Transaction
from bot.store.records import Standing, VoteCount, VoteReason, may_go_on
from bot.store.rows import storable
from bot.store.tables import Tables

# ?1: the persona, ?2: unix seconds
VOTES_SINCE = """SELECT (SELECT count(*) FROM replies JOIN votes ON votes.reply_id = replies.id
        WHERE persona = ?1 AND voted_at > ?2)
    + (SELECT count(*) FROM replies JOIN corrections ON corrections.reply_id = replies.id
        WHERE persona = ?1 AND corrected_at > ?2) AS votes"""


class FeedbackStore(Tables):
    async def cast_vote(
        self, reply_id: int, voter_id: int, value: Literal[1, -1], source: str, at: float | None = None
    ) -> bool:
        """Set the member's one vote on the reply. False when it was so already, or the reply no longer exists.

        `at`: when they voted (unix seconds), if that was not just now; what they decided after that stays.
        """
        async with self._database.transaction() as transaction:
            changed = await transaction.change(
                """INSERT INTO votes (reply_id, voter_id, value, source, voted_at)
                SELECT id, ?, ?, ?, ? FROM replies WHERE id = ? AND removed_at IS NULL
                ON CONFLICT (reply_id, voter_id) DO UPDATE SET value = excluded.value, source = excluded.source,
                    voted_at = excluded.voted_at, reason = NULL
                    WHERE value != excluded.value AND (? IS NULL OR voted_at <= excluded.voted_at)""",
                (voter_id, value, source, time.time() if at is None else at, reply_id, at),
            )
        return changed > 0

    async def withdraw_vote(
        self, reply_id: int, voter_id: int, value: Literal[1, -1] | None = None, at: float | None = None
    ) -> bool:
        """Remove the member's vote; with `value`, only if that is the current one. False when nothing was removed.

        `at`: as in `cast_vote`.
        """
        async with self._database.transaction() as transaction:
            removed = await transaction.change(
                """DELETE FROM votes WHERE reply_id = ? AND voter_id = ? AND value = coalesce(?, value)
                    AND voted_at <= coalesce(?, voted_at)""",
                (reply_id, voter_id, value, at),
            )
        return removed > 0

    async def withdraw_reactions(self, reply_id: int, value: Literal[1, -1] | None = None) -> int:
        """Remove the votes that were reactions (with `value`, those alone); how many they were."""
        async with self._database.transaction() as transaction:
            return await transaction.change(
                "DELETE FROM votes WHERE reply_id = ? AND source = 'reaction' AND value = coalesce(?, value)",
                (reply_id, value),
            )

    async def set_vote_reason(self, reply_id: int, voter_id: int, reason: VoteReason) -> bool:
        """Say why the member disliked the reply. False when they do not dislike it (any more)."""
        async with self._database.transaction() as transaction:
            changed = await transaction.change(
                "UPDATE votes SET reason = ? WHERE reply_id = ? AND voter_id = ? AND value = -1",
                (reason, reply_id, voter_id),
            )
        return changed > 0

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

    async def votes_since(self, persona: str, since: float) -> int:
        """How many votes and better answers the persona's replies got after `since` (unix seconds)."""
        [row] = await self._database.rows(VOTES_SINCE, (persona, since))
        return int(row["votes"])

    async def add_correction(self, reply_id: int, author_id: int, text: str) -> int:
        """Store the member's better answer, in place of an earlier one by the same member; the correction's id.

        Raises LookupError when the reply no longer exists.
        """
        async with self._database.transaction() as transaction:
            rows = await transaction.rows(
                """INSERT INTO corrections (reply_id, author_id, text, corrected_at)
                SELECT id, ?, ?, ? FROM replies WHERE id = ? AND removed_at IS NULL
                ON CONFLICT (reply_id, author_id) DO UPDATE SET text = excluded.text,
                    corrected_at = excluded.corrected_at
                RETURNING id""",
                (author_id, storable(text), time.time(), reply_id),
            )
        if not rows:
            raise LookupError(f"there is no reply {reply_id}")
        return int(rows[0]["id"])

    async def standing(self, reply_id: int) -> Standing:
        """Whether the reply is one of two answers between which nobody has chosen yet, or was given up for another."""
        rows = await self._database.rows(
            """WITH first (id) AS (SELECT coalesce(regenerates, id) FROM replies WHERE id = ?)
            SELECT replies.id, superseded, finish_reason, continued, EXISTS (
                SELECT 1 FROM comparisons WHERE kept_reply_id = replies.id OR other_reply_id = replies.id) AS compared
            FROM replies, first WHERE (replies.id = first.id OR regenerates = first.id) AND removed_at IS NULL
            ORDER BY replies.id""",
            (reply_id,),
        )
        superseded = {row["id"]: bool(row["superseded"]) for row in rows}
        rival = None
        if len(rows) > 1 and not rows[-1]["compared"]:
            pair = {row["id"] for row in rows if not row["superseded"]} | {rows[-1]["id"]}
            rival = next(iter(pair - {reply_id}), None) if reply_id in pair else None
        given_up = superseded.get(reply_id, False) and rival is None
        mine = [row for row in rows if row["id"] == reply_id]
        return Standing(rival, given_up, any(may_go_on(row["finish_reason"], row["continued"]) for row in mine))

    async def add_comparison(self, kept: int, other: int, member_id: int) -> bool:
        """Of two answers to one question the member keeps `kept`, and the conversation goes on with it.

        A member has one opinion of a pair, the last. False when it was so already, the two answer different
        questions, or one of them no longer exists.
        """
        async with self._database.transaction() as transaction:
            if not await _are_alternatives(transaction, kept, other):
                return False
            await transaction.change(
                "DELETE FROM comparisons WHERE kept_reply_id = ? AND other_reply_id = ? AND member_id = ?",
                (other, kept, member_id),
            )
            added = await transaction.change(
                """INSERT INTO comparisons (kept_reply_id, other_reply_id, member_id, compared_at)
                VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING""",
                (kept, other, member_id, time.time()),
            )
            if added:
                await transaction.change(
                    """UPDATE replies SET superseded = id != ?1 WHERE coalesce(regenerates, id) =
                        (SELECT coalesce(regenerates, id) FROM replies WHERE id = ?1)""",
                    (kept,),
                )
        return added > 0


async def _are_alternatives(transaction: Transaction, one: int, two: int) -> bool:
    rows = await transaction.rows(
        "SELECT coalesce(regenerates, id) AS first FROM replies WHERE id IN (?, ?) AND removed_at IS NULL", (one, two)
    )
    return len(rows) == 2 and rows[0]["first"] == rows[1]["first"]
