"""Owns conversations: a message that is meant for the bot becomes a streamed reply of the channel's persona.

Every message it takes on ends in text, a plain sentence, or a cancellation by deleting the reply; never in silence.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import discord
from discord.ext import commands

from bot.channels import ChannelPersonas
from bot.cogs.addressing import is_addressed, place_of, why_no_text
from bot.cogs.buttons import feedback_view
from bot.cogs.errors import explain
from bot.cogs.mentions import spoken_text
from bot.cogs.streaming import Stream, Unfinished, reply_to
from bot.errors import EmptyPrompt, GenerationFailed, OperatorError
from bot.personas import Persona
from bot.replies import Ask, Replies, Reply
from bot.store import VoteCount

log = logging.getLogger(__name__)

TYPING_LASTS = 8.0  # seconds; Discord shows it for ten
NEEDED = "ask someone who manages it to let me view it, send messages and read its history."
NOT_SAVED = "I could not save this reply, so it can't be voted on."


class Chat(commands.Cog):
    def __init__(
        self,
        bot: commands.Bot,
        replies: Replies,
        channels: ChannelPersonas,
        unfinished: Unfinished,
        *,
        edit_seconds: float,
    ) -> None:
        self._bot = bot
        self._replies = replies
        self._channels = channels
        self._unfinished = unfinished
        self._edit_seconds = edit_seconds
        self._running: set[asyncio.Task[Any]] = set()
        self._taken: deque[int] = deque(maxlen=256)  # after a reconnect Discord may deliver a message twice

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        me = self._bot.user
        if me is None or not is_addressed(message, me) or message.id in self._taken:
            return
        self._taken.append(message.id)
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            await self._answer(message, me)
        except discord.NotFound:
            log.info("channel %d: the reply or its channel was deleted meanwhile", message.channel.id)
        except Exception as error:  # noqa: BLE001 (the boundary: whatever raises, the member reads a sentence)
            await self._apologise(message, error)
        finally:
            self._running.discard(task)

    async def drain(self, seconds: float) -> None:
        """Wait until the replies under way have ended, at most `seconds`."""
        if self._running:
            await asyncio.wait(set(self._running), timeout=seconds)

    async def _answer(self, message: discord.Message, me: discord.ClientUser) -> None:
        place = place_of(message.channel, message.guild.id if message.guild else None)
        text = spoken_text(message, me)
        if not text and (reason := why_no_text(message, me)):
            raise reason
        persona = await self._channels.speaking(place.channel_id, place.parent_id)
        if not text:
            await self._greet(message, persona)
            return
        async with _typing(message.channel) as typing:
            ask = Ask(
                channel_id=place.channel_id,
                guild_id=place.guild_id,
                author_id=message.author.id,
                author_name=message.author.display_name,
                text=text,
                persona=persona,
            )
            reply = await self._replies.begin(ask)
            stream = Stream(message, reply, self._unfinished, edit_seconds=self._edit_seconds, on_shown=typing.cancel)
            try:
                await self._stream(stream, reply)
            finally:
                stream.close()

    async def _stream(self, stream: Stream, reply: Reply) -> None:
        try:
            await stream.follow()
            if not reply.text.strip():
                log.warning("%s said nothing in channel %d", reply.ask.persona.name, reply.ask.channel_id)
                raise GenerationFailed("the model said nothing")
            view = feedback_view(await reply.record(stream.message_ids), VoteCount(0, 0))
        except discord.HTTPException:
            raise
        except OperatorError as error:
            explain(error, "recording a reply")
            await stream.interrupt(NOT_SAVED)
        except Exception as error:  # noqa: BLE001 (the text so far stays, with the sentence below it)
            await stream.interrupt(explain(error, "answering"))
        else:
            await stream.finish(view)

    async def _greet(self, message: discord.Message, persona: Persona) -> None:
        if not persona.greeting:
            raise EmptyPrompt
        await reply_to(message, f"{persona.avatar} {persona.greeting}")

    async def _apologise(self, message: discord.Message, error: Exception) -> None:
        sentence = explain(error, f"answering in channel {message.channel.id}")
        try:
            if isinstance(error, discord.Forbidden):
                await message.author.send(f"I may not write in <#{message.channel.id}>: {NEEDED}")
            else:
                await reply_to(message, sentence)
        except (discord.HTTPException, aiohttp.ClientError, OSError) as refusal:
            log.warning("channel %d: could not tell the member (%s)", message.channel.id, type(refusal).__name__)


@contextlib.asynccontextmanager
async def _typing(channel: discord.abc.Messageable) -> AsyncIterator[asyncio.Task[None]]:
    """Show that the bot is typing until the task is cancelled or the block is left."""
    task = asyncio.create_task(_keep_typing(channel))
    try:
        yield task
    finally:
        task.cancel()


async def _keep_typing(channel: discord.abc.Messageable) -> None:
    with contextlib.suppress(discord.HTTPException):
        while True:
            await channel.typing()
            await asyncio.sleep(TYPING_LASTS)
