"""What a persona remembers of a channel: the exchanges since /forget, a long silence or a switch of persona.

They come from the store, not from Discord's history. So no message-content intent is needed, and a restart forgets
nothing. `bot.conversation.context` chooses what of it the model reads.
"""

import time
from collections.abc import Sequence
from datetime import timedelta

from bot.store import Exchange, Store

RECALLED = 500  # exchanges read again after a restart to find where the model's view of them begins
RECALLED_SECONDS = timedelta(days=1).total_seconds()


class Conversations:
    def __init__(self, store: Store, *, max_turns: int, idle_seconds: float) -> None:
        self.max_turns = max_turns
        self._store = store
        self._idle_seconds = idle_seconds

    async def running(self, channel_id: int, persona: str, limit: int = RECALLED) -> list[Exchange]:
        """The channel's conversation with this persona, oldest first; of a long one the last `limit` exchanges."""
        now = time.time()
        exchanges = await self._store.exchanges(channel_id, persona, limit, since=now - RECALLED_SECONDS)
        return self._unbroken(exchanges, now)

    async def branch(self, reply_id: int) -> list[Exchange]:
        """The conversation that led to this reply, oldest first, the reply included."""
        exchanges = await self._store.chain(reply_id, RECALLED)
        return self._unbroken(exchanges, exchanges[-1].created_at) if exchanges else []

    async def forget(self, channel_id: int) -> None:
        await self._store.forget_channel(channel_id)

    def _unbroken(self, exchanges: Sequence[Exchange], until: float) -> list[Exchange]:
        """Those since the last silence, without the empty ones; who answers an old reply on purpose bridges it."""
        kept: list[Exchange] = []
        answers: int | None = None
        for exchange in reversed(exchanges):
            if until - exchange.created_at > self._idle_seconds and exchange.reply_id != answers:
                break
            until, answers = exchange.created_at, exchange.parent_reply_id
            if exchange.answered.strip():
                kept.append(exchange)
        return kept[::-1]
