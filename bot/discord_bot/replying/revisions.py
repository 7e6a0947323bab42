"""Lets a conversation follow when a message is edited or deleted after, or while, it is answered."""

import contextlib
from collections.abc import AsyncIterator

from bot.store import Store


class Revisions:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._awaited: dict[int, str | None] = {}
        self._revised: set[int] = set()

    @contextlib.asynccontextmanager
    async def awaited(self, message_id: int) -> AsyncIterator[None]:
        """While a message is being answered nothing of it is stored yet: its revision is made up for at the end."""
        self._awaited[message_id] = None
        try:
            yield
        finally:
            text = self._awaited.pop(message_id)
            if message_id in self._revised:
                self._revised.remove(message_id)
                await self._revise(message_id, text)

    async def edited(self, message_id: int, text: str) -> None:
        """`text`: what the message says to the bot now; empty when Discord no longer shows it (the mention went)."""
        await self._take(message_id, text or None)

    async def deleted(self, message_id: int) -> None:
        """A question takes its answers out of the conversation; an answer that is deleted was never given."""
        await self._take(message_id, None)
        reply = await self._store.reply_of_message(message_id)
        if reply is not None and reply.message_ids[0] == message_id:
            await self._store.remove_reply(reply.id)

    async def _take(self, message_id: int, text: str | None) -> None:
        if message_id in self._awaited:
            self._awaited[message_id] = text
            self._revised.add(message_id)
        else:
            await self._revise(message_id, text)

    async def _revise(self, message_id: int, text: str | None) -> None:
        if not await self._store.replies_asked_by(message_id):
            return
        if text is None:
            await self._store.remove_asked(message_id)
        else:
            await self._store.edit_asked(message_id, text)
