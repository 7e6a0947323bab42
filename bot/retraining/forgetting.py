"""Forgets a member: first marks the versions that learned from them, then deletes their rows."""

import asyncio
import logging

from bot.errors import OperatorError
from bot.store import Store
from bot.versions.rebuild_marks import mark
from bot.versions.registry import AdapterRegistry

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
        touched = await self._store.replies_touched_by(member_id, guild_id)
        for persona, reply_ids in touched.items():
            try:
                found = await asyncio.to_thread(mark, self._registry, persona, reply_ids)
            except (OperatorError, OSError) as error:
                log.error("%s: versions could not be marked for rebuilding: %s", persona, error)
                continue
            for number in found:
                log.info("%s: v%d learned from words that are deleted now; it will be rebuilt", persona, number)
        return await self._store.delete_member(member_id, guild_id)
