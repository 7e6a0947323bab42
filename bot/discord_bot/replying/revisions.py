"""Lets a conversation follow when a message is edited or deleted after, or while, it is answered."""

from bot.discord_bot.replying.streaming import Unfinished
from bot.store import Store


class Revisions:
    def __init__(self, store: Store, unfinished: Unfinished) -> None:
        self._store = store
        self._unfinished = unfinished

    async def edited(self, message_id: int, text: str) -> None:
        """`text`: what the message says to the bot now; empty when Discord no longer shows it (the mention went)."""
        if text:
            await self._store.edit_asked(message_id, text)
        else:
            await self._store.remove_asked(message_id)

    async def deleted(self, message_id: int) -> None:
        """A question takes its answers out of the conversation; an answer that is deleted was never given."""
        if (stream := self._unfinished.shown_by(message_id)) and stream.message_ids[0] == message_id:
            await stream.strike()
        await self._store.remove_asked(message_id)
        reply = await self._store.reply_of_message(message_id)
        if reply is not None and reply.message_ids[0] == message_id:
            await self._store.remove_reply(reply.id)
