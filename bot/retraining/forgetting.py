"""Forgets a member: first marks the versions that learned from them, then deletes their rows."""

import asyncio
import logging
from collections.abc import Mapping

from bot.errors import OperatorError
from bot.store import Store
from bot.versions.rebuild_marks import mark
from bot.versions.registry import AdapterRegistry
from bot.versions.sampled_answers import forget_samples

log = logging.getLogger(__name__)


class Forgetting:
    def __init__(self, store: Store, registry: AdapterRegistry) -> None:
        self._store = store
        self._registry = registry

    async def forget(self, member_id: int, guild_id: int | None = None) -> int:
        """Delete everything stored about the member, with `guild_id` on that server; the number of rows touched.

        The marks come first: were the deletion cut off, a version would be rebuilt once too often, never kept. A mark
        that cannot be written does not hold up the deletion: `training due` finds deleted replies by itself.
        """
        await self._mark(await self._store.replies_touched_by(member_id, guild_id))
        return await self._store.delete_member(member_id, guild_id)

    async def withdraw(self, member_id: int) -> None:
        """The member's words may train no longer: mark what learned from them, as if they were deleted."""
        await self._mark(await self._store.replies_touched_by(member_id))

    async def withdraw_place(self, guild_id: int, channel_id: int) -> None:
        """Nothing said there may train any longer (WHOLE_SERVER: on the whole server)."""
        await self._mark(await self._store.replies_of_place(guild_id, channel_id))

    async def _mark(self, touched: Mapping[str, frozenset[int]]) -> None:
        for persona, reply_ids in touched.items():
            try:
                await asyncio.to_thread(forget_samples, self._registry, persona)
                found = await asyncio.to_thread(mark, self._registry, persona, reply_ids)
            except (OperatorError, OSError) as error:
                log.error("%s: versions could not be marked for rebuilding: %s", persona, error)
                continue
            for number in found:
                log.info("%s: v%d learned from words that it may not keep; it will be rebuilt", persona, number)
