"""Owns how a growing reply is shown: one message that is edited, further ones past 2000 characters.

Discord's rate limits (429) and passing failures (5xx) are retried inside discord.py; tokens wait meanwhile.
"""

import asyncio
import logging
import re
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import discord

from bot.cogs.mentions import defused
from bot.cogs.splitting import split
from bot.replies import Reply

log = logging.getLogger(__name__)

CANNOT_REPLY_WITHOUT_HISTORY = 160002  # a reply needs Read Message History, a plain message does not
# Enough to be worth a first look: a few words, or a whole short sentence.
_FRAGMENT = re.compile(r".{16,}\s|\S.*[.!?…]\s", re.DOTALL)


class Unfinished:
    """The messages of replies that are not recorded yet: a reaction on one of them waits for its reply."""

    def __init__(self) -> None:
        self._replies: dict[int, asyncio.Event] = {}

    def add(self, message_id: int, recorded: asyncio.Event) -> None:
        self._replies[message_id] = recorded

    def remove(self, message_id: int) -> None:
        self._replies.pop(message_id, None)

    async def recorded(self, message_id: int) -> None:
        """Return once the message's reply is recorded or given up; at once for any other message."""
        if event := self._replies.get(message_id):
            await event.wait()


class Stream:
    """One reply in its channel. `follow` it to its end, then `finish`, or `interrupt` with a sentence."""

    def __init__(
        self,
        asked: discord.Message,
        reply: Reply,
        unfinished: Unfinished,
        *,
        edit_seconds: float,
        on_shown: Callable[[], object] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._asked = asked
        self._reply = reply
        self._unfinished = unfinished
        self._edit_seconds = edit_seconds
        self._on_shown = on_shown
        self._clock = clock
        self._recorded = asyncio.Event()
        self._messages: list[discord.Message] = []
        self._shown: list[str] = []
        self._shown_at = 0.0

    @property
    def message_ids(self) -> list[int]:
        return [message.id for message in self._messages]

    async def follow(self) -> None:
        """Show the reply while it grows; on return all of it has a message, whose last edit is still due.

        Raises what the reply raises, NotFound when the reply was deleted meanwhile, Forbidden without permission.
        """
        if ahead := self._reply.position:
            await self._show([f"-# {ahead} {'reply is' if ahead == 1 else 'replies are'} ahead of yours …"])
        async for _ in self._reply:
            if self._is_due():
                await self._show_in_passing()
        contents = self._contents()
        await self._send_missing(contents)
        await self._delete_surplus(len(contents))

    async def finish(self, view: discord.ui.View | None) -> None:
        """The last edit: the whole text, and `view` below its last message."""
        contents = self._contents()
        for index, content in enumerate(contents[:-1]):
            await self._edit(index, content)
        last = len(contents) - 1
        if view is not None:
            self._messages[last] = await self._messages[last].edit(content=contents[last], view=view)
        else:
            await self._edit(last, contents[last])

    async def interrupt(self, sentence: str) -> None:
        """End with `sentence`: below the text so far, or as the answer when there is none."""
        so_far = self._reply.text.rstrip()
        await self._show(split(defused(f"{so_far}\n-# {sentence}" if so_far else sentence)))

    def close(self) -> None:
        """Let go of everything; a reply that still runs is cancelled. Idempotent."""
        if self._reply.completion is None:
            self._reply.cancel()
        self._recorded.set()
        for message_id in self.message_ids:
            self._unfinished.remove(message_id)

    def _contents(self) -> list[str]:
        return split(defused(self._reply.text.strip()))

    def _is_due(self) -> bool:
        if not self._shown:
            return _FRAGMENT.search(self._reply.text) is not None
        return self._clock() - self._shown_at >= self._edit_seconds

    async def _show_in_passing(self) -> None:
        try:
            await self._show(self._contents())
        except (discord.NotFound, discord.Forbidden):
            raise
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            # The next edit or the last one shows this text as well.
            log.info("channel %d: an edit failed (%s)", self._asked.channel.id, type(error).__name__)

    async def _show(self, contents: list[str]) -> None:
        for index, content in enumerate(contents[: len(self._messages)]):
            await self._edit(index, content)
        await self._send_missing(contents)
        self._shown_at = self._clock()

    async def _edit(self, index: int, content: str) -> None:
        if self._shown[index] != content:
            self._messages[index] = await self._messages[index].edit(content=content)
            self._shown[index] = content

    async def _send_missing(self, contents: list[str]) -> None:
        for content in contents[len(self._messages) :]:
            message = await self._send(content)
            self._unfinished.add(message.id, self._recorded)
            self._messages.append(message)
            self._shown.append(content)
            self._on_shown()

    async def _delete_surplus(self, needed: int) -> None:
        """A code block that its author closes needs no added fence: the text may fit into one message less."""
        while len(self._messages) > max(needed, 1):
            await self._messages[-1].delete()
            self._unfinished.remove(self._messages.pop().id)
            self._shown.pop()

    async def _send(self, content: str) -> discord.Message:
        # Discord drops a second message with the same nonce: a retry after a lost answer makes no duplicate.
        nonce = f"{self._asked.id}-{len(self._messages)}"
        if self._messages:
            return await self._asked.channel.send(content, nonce=nonce)
        return await reply_to(self._asked, content, nonce=nonce)


async def reply_to(asked: discord.Message, content: str, **options: Any) -> discord.Message:
    """Answer a message as a reply that pings nobody, even when it is gone by now."""
    try:
        reference = asked.to_reference(fail_if_not_exists=False)
        return await asked.channel.send(content, reference=reference, mention_author=False, **options)
    except discord.Forbidden as error:
        if error.code != CANNOT_REPLY_WITHOUT_HISTORY:
            raise
        return await asked.channel.send(content, **options)
