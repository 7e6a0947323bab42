"""Sees an answer through from first word to buttons: typing, streaming, the stored record, the graceful stop.

Messages, commands, second answers and scenes all speak through here.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

import discord

from bot.conversation.replies import Reply
from bot.discord_bot.controls.buttons import again_view, feedback_view
from bot.discord_bot.failures import explain
from bot.discord_bot.rate_limits import Limits
from bot.discord_bot.replying.destinations import Destination
from bot.discord_bot.replying.edit_pacing import EditPacer
from bot.discord_bot.replying.streaming import MessageStream, Opening, Unfinished
from bot.errors import EngineStopped, GenerationFailed, OperatorError
from bot.store import VoteCount
from bot.wording import announce

log = logging.getLogger(__name__)

TYPING_LASTS = 8.0  # seconds; Discord shows it for ten
# In which replies that did not end in time are marked as interrupted. Discord takes five edits of a channel in five
# seconds: with more replies there, the last are marked in the next five.
MARKING_SECONDS = 6.0


@dataclass(frozen=True)
class Spoken:
    """What became of an answer. `reply_id` is None when nothing was stored: a sentence stands there instead."""

    reply_id: int | None
    text: str
    stopped: bool
    last_message: discord.Message | None


class ViewOf(Protocol):
    """What stands below a stored reply; `goes_on`: it ended at its length limit and may go on."""

    def __call__(self, reply_id: int, *, goes_on: bool) -> discord.ui.View: ...


def fresh_view(reply_id: int, *, goes_on: bool) -> discord.ui.View:
    return feedback_view(reply_id, VoteCount(0, 0), goes_on=goes_on)


class ReplyDelivery:
    """`unfinished`: the replies that are shown and not recorded yet. `growing`: stored ones to which more is added."""

    def __init__(self, limits: Limits, pacer: EditPacer) -> None:
        self.unfinished = Unfinished()
        self.growing: set[int] = set()
        self._limits = limits
        self._pacer = pacer
        self._draining = False
        self._running: set[asyncio.Task[Any]] = set()
        self._streams: set[MessageStream] = set()

    async def speak(
        self,
        destination: Destination,
        begin: Callable[[], Awaitable[Reply]],
        *,
        header: str = "",
        placeholder: str = "",
        view_of: ViewOf = fresh_view,
        resumed: discord.Message | None = None,
    ) -> Spoken:
        """Stream the reply that `begin` submits; `view_of` its stored id stands below it at the end.

        `header`, `placeholder` and `resumed`: see `Opening`.
        Raises what `begin` raises, EngineStopped while the bot stops, and Discord's refusals; whatever goes wrong
        once the reply runs is a sentence below its text.
        """
        self._check_open()
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            async with _typing(destination) as typing:
                reply = await begin()
                stream = MessageStream(
                    destination,
                    reply,
                    self.unfinished,
                    self._pacer,
                    Opening(header, placeholder, resumed),
                    typing.cancel,
                )
                return await self._tell(stream, reply, view_of)
        finally:
            self._running.discard(task)

    def admit(self, member_id: int, guild_id: int | None) -> None:
        """Grant the member one answer. Raises TooFast, and EngineStopped when nothing new is begun any more."""
        self._check_open()
        self._limits.take(member_id, guild_id)

    async def drain(self, seconds: float) -> None:
        """Begin nothing new; let the replies under way end within `seconds`, and mark the others as interrupted."""
        self._draining = True
        for stream in self._streams:
            stream.stand_still()
        if self._running:
            await asyncio.wait(set(self._running), timeout=seconds)
        for stream in self._streams:
            stream.break_off()
        if self._running:
            await asyncio.wait(set(self._running), timeout=MARKING_SECONDS)

    def _check_open(self) -> None:
        if self._draining:
            raise EngineStopped

    async def _tell(self, stream: MessageStream, reply: Reply, view_of: ViewOf) -> Spoken:
        self._streams.add(stream)
        try:
            reply_id = await self._stream(stream, reply, view_of)
            return Spoken(reply_id, reply.text.strip(), stream.stopped, stream.last_message)
        finally:
            self._streams.discard(stream)
            stream.close()
            await reply.discard()

    async def _stream(self, stream: MessageStream, reply: Reply, view_of: ViewOf) -> int | None:
        try:
            await stream.follow()
            said = bool(reply.before or reply.text.strip())
            if not said and not reply.was_cancelled:
                ask = reply.ask
                log.warning("%s said nothing in channel %d", ask.persona.name, ask.channel_id)
                raise GenerationFailed("the model said nothing")
            kept = said or reply.was_interrupted
            reply_id = await reply.record(stream.message_ids) if kept else None
        except discord.HTTPException:
            raise
        except Exception as error:
            if stream.resumes:  # what was said before stands; who pressed ▶ learns privately what went wrong
                await stream.take_back()
                raise
            await _break_off(stream, error)
        else:
            await stream.finish(_view(reply_id, said, view_of, goes_on=reply.goes_on))
            return reply_id
        return None


async def _break_off(stream: MessageStream, error: Exception) -> None:
    """The text so far stays, with a sentence below it."""
    if isinstance(error, OperatorError):
        explain(error, "recording a reply")
        await stream.interrupt(announce("reply-not-saved"))
    else:
        await stream.interrupt(explain(error, "answering", announce))


def _view(reply_id: int | None, said: bool, view_of: ViewOf, *, goes_on: bool) -> discord.ui.View | None:
    if reply_id is None:
        return None
    return view_of(reply_id, goes_on=goes_on) if said else again_view(reply_id)


@contextlib.asynccontextmanager
async def _typing(destination: Destination) -> AsyncIterator[asyncio.Task[None]]:
    """Show that the bot is typing until the task is cancelled or the block is left."""
    task = asyncio.create_task(_keep_typing(destination))
    try:
        yield task
    finally:
        task.cancel()


async def _keep_typing(destination: Destination) -> None:
    with contextlib.suppress(discord.HTTPException):
        while True:
            await destination.type()
            await asyncio.sleep(TYPING_LASTS)
