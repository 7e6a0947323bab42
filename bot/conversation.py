"""Owns what a persona remembers of a channel: the exchanges since /forget, silence or a switch of persona.

They come from the store, not from Discord's history, so that no message-content intent is needed and a
restart forgets nothing. Trimming to the model's context is the renderer's work.
"""

import time
from dataclasses import dataclass

from bot.prompt import Message
from bot.store import Store


@dataclass(frozen=True)
class Turn:
    """One message of a conversation and the member who wrote it (None: the persona)."""

    message: Message
    author_id: int | None


class Conversations:
    def __init__(self, store: Store, *, max_turns: int, idle_seconds: float) -> None:
        self._store = store
        self._max_turns = max_turns
        self._idle_seconds = idle_seconds

    async def turns(self, channel_id: int, persona: str) -> list[Turn]:
        """What was said in the channel with this persona, oldest first, starting with a member's turn."""
        now = time.time()
        exchanges = await self._store.exchanges(channel_id, persona, self._max_turns, since=now - 86_400.0)
        turns: list[Turn] = []
        previous = now
        for exchange in reversed(exchanges):
            if previous - exchange.created_at > self._idle_seconds:
                break
            previous = exchange.created_at
            if exchange.answered.strip():
                turns.append(Turn(Message("assistant", exchange.answered), None))
                turns.append(Turn(Message("user", exchange.asked), exchange.asker_id))
        return turns[::-1]

    async def forget(self, channel_id: int) -> None:
        await self._store.forget_channel(channel_id)
