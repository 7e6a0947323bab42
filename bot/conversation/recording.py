"""How a reply comes into the store: what it is made of while it runs, and how it ended.

While it runs its row is there already, so that whatever deletes a member's words, a channel or a server strikes the
reply as well. Nothing waits for the disk meanwhile.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Protocol

from bot.errors import StoreError
from bot.store import ReplyRecord, Store, StoredReply
from bot.store.erasures import Mark


class Ending(Protocol):
    """What becomes of a reply when its stream has ended."""

    async def finish(self, record: ReplyRecord, message_ids: Sequence[int]) -> int | None:
        """Store the ended reply and the messages that show it; its id, or None when it was struck meanwhile."""
        ...

    async def discard(self) -> None:
        """Leave no trace of a reply that came to nothing or was deleted. Nothing once it is finished."""
        ...


class Continuation:
    """A stored reply that goes on in its row, which stays as it is until the end."""

    def __init__(self, store: Store, stored: StoredReply) -> None:
        self._store = store
        self._stored = stored
        self._dropped = False

    async def finish(self, record: ReplyRecord, message_ids: Sequence[int]) -> int | None:
        before = self._stored.record.text
        if self._dropped or not await self._store.continue_reply(self._stored.id, before, record, message_ids):
            return None
        return self._stored.id

    async def discard(self) -> None:
        self._dropped = True


class Recording:
    def __init__(self, store: Store, record: ReplyRecord, since: Mark) -> None:
        """`record`: what is known at the start. `since`: the store's erasures when its words were read."""
        self._store = store
        self._since = since
        self._ended = False
        self._begun = asyncio.create_task(store.begin_reply(record, since))

    async def finish(self, record: ReplyRecord, message_ids: Sequence[int]) -> int | None:
        """Store the ended reply and the messages that show it; its id, or None when it was struck meanwhile."""
        if self._ended:
            return None
        try:
            reply_id = await self._begun
        except StoreError:  # the disk was out of reach when the reply began; perhaps it is back
            reply_id = await self._store.begin_reply(record, self._since)
        finished = reply_id is not None and await self._store.finish_reply(reply_id, record, message_ids)
        self._ended = True
        return reply_id if finished else None

    async def discard(self) -> None:
        """Leave no trace of a reply that came to nothing or was deleted. Nothing once it is finished.

        A row that cannot be deleted now is found by no one, and is swept when the store next begins a reply.
        """
        if self._ended:
            return
        self._ended = True
        with contextlib.suppress(StoreError):
            if (reply_id := await self._begun) is not None:
                await self._store.drop_reply(reply_id)
