"""Lets go of old replies that nobody voted on, and gives the disk what they took, a little at a time."""

from bot.store.tables import Tables

STEP_ROWS = 200
STEP_PAGES = 500

# Nobody thought anything of it, and no other answer to the same question stands beside it.
_UNLOVED = """created_at < ? AND removed_at IS NOT 0 AND regenerates IS NULL
    AND NOT EXISTS (SELECT 1 FROM votes WHERE reply_id = replies.id)
    AND NOT EXISTS (SELECT 1 FROM corrections WHERE reply_id = replies.id)
    AND NOT EXISTS (SELECT 1 FROM comparisons WHERE replies.id IN (kept_reply_id, other_reply_id))
    AND NOT EXISTS (SELECT 1 FROM replies AS other WHERE other.regenerates = replies.id)"""


class RetentionStore(Tables):
    async def drop_unvoted(self, before: float) -> int:
        """Delete the replies from before a time (unix seconds) that nobody voted on, with their prompts; how many.

        Each step is a short transaction, so that votes are stored in between.
        """
        dropped = 0
        while True:
            async with self._database.transaction() as transaction:
                step = await transaction.change(
                    f"DELETE FROM replies WHERE id IN (SELECT id FROM replies WHERE {_UNLOVED} LIMIT {STEP_ROWS})",  # noqa: S608
                    (before,),
                )
            dropped += step
            if step < STEP_ROWS:
                break
        if dropped:
            await self._database.shrink(STEP_PAGES)
            await self._database.scrub()
        return dropped
