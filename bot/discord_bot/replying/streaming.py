"""Shows a growing reply: one message that is edited, further ones past 2000 characters, in the end a file.

Discord's rate limits (429) and passing failures (5xx) are retried inside discord.py; tokens wait meanwhile.
"""

import asyncio
import contextlib
import io
import logging
import re
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord

from bot.conversation.replies import Reply
from bot.discord_bot.controls.buttons import stop_view
from bot.discord_bot.refusals import is_final
from bot.discord_bot.replying.defusing import defused
from bot.discord_bot.replying.destinations import Destination
from bot.discord_bot.replying.edit_pacing import EditPacer
from bot.discord_bot.replying.splitting import split
from bot.prompt.endings import reopened
from bot.wording import announce

log = logging.getLogger(__name__)

MESSAGES = 4  # a reply that needs more goes into an attached file
BEGINNING = 600  # characters of it that stay readable in the channel
RETRY_SECONDS = 3.0  # from a look that Discord refused to the next
POSITION_SECONDS = 3.0  # between two looks at the place in the queue
FRAGMENT = 16  # characters that are worth a first look once a word ends
LONGEST_WORD = 40  # characters after which none is waited for: many scripts put no spaces between words
_SENTENCE_END = re.compile(r"[.!?…]\s|[。！？]")


class Unfinished:
    """The messages of replies that are not recorded yet: ⏹ finds its reply here, and a reaction waits for its one."""

    def __init__(self) -> None:
        self._streams: dict[int, MessageStream] = {}

    def add(self, message_id: int, stream: "MessageStream") -> None:
        self._streams[message_id] = stream

    def remove(self, message_id: int) -> None:
        self._streams.pop(message_id, None)

    def shown_by(self, message_id: int) -> "MessageStream | None":
        return self._streams.get(message_id)

    async def recorded(self, message_id: int) -> None:
        """Return once the message's reply is recorded or given up; at once for any other message."""
        if stream := self._streams.get(message_id):
            await stream.recorded.wait()


@dataclass(frozen=True)
class Opening:
    """How a reply begins in its channel.

    `header` stands above the text. `placeholder` is shown until there is text; without one, nothing is.
    `resumed`: the last message of a reply that goes on.
    """

    header: str
    placeholder: str
    resumed: discord.Message | None


class MessageStream:
    """One reply in its channel. `follow` it to its end, then `finish`, or `interrupt` with a sentence.

    `on_shown` is called when the first message is there.
    """

    def __init__(
        self,
        destination: Destination,
        reply: Reply,
        unfinished: Unfinished,
        pacer: EditPacer,
        opening: Opening,
        on_shown: Callable[[], object],
    ) -> None:
        self.recorded = asyncio.Event()
        self.stopped = False
        self._destination = destination
        self._reply = reply
        self._unfinished = unfinished
        self._pacer = pacer
        self._header = opening.header
        self._placeholder = opening.placeholder
        self._on_shown = on_shown
        self._note = ""
        self._nonce = secrets.token_hex(8)
        self._messages: list[discord.Message] = []
        self._shown: list[str] = []
        self._shown_at = 0.0
        self._tried_at = 0.0
        self._refused = False
        self._stands_still = False
        self._resumed = opening.resumed
        if (resumed := opening.resumed) is not None:
            self._header = reopened(resumed.content, reply.before)
            self._messages, self._shown = [resumed], [resumed.content]
            unfinished.add(resumed.id, self)

    @property
    def resumes(self) -> bool:
        """Whether a reply goes on that is shown and stored already."""
        return self._resumed is not None

    @property
    def asker_id(self) -> int:
        return self._reply.ask.author_id

    @property
    def message_ids(self) -> list[int]:
        return [message.id for message in self._messages]

    @property
    def last_message(self) -> discord.Message | None:
        return self._messages[-1] if self._messages else None

    def stop(self) -> None:
        """End the reply with what was said, because a member asked for it."""
        self.stopped = True
        self._reply.cancel()

    def break_off(self) -> None:
        """End the reply with what was said, because the bot stops."""
        self.stopped = True
        self._reply.interrupt()

    def stand_still(self) -> None:
        """Show nothing in passing any more: the edits that are left are for the last word."""
        self._stands_still = True

    async def strike(self) -> None:
        """End the reply and leave nothing of it, because its message was deleted."""
        self.stop()
        await self._reply.discard()

    async def follow(self) -> None:
        """Show the reply while it grows; on return all of it has a message, whose last edit is still due.

        Raises what the reply raises, NotFound when the reply was deleted meanwhile, Forbidden without permission.
        """
        with self._pacer.growing(self._destination.bucket):
            if self._resumed is not None:
                await self._edit(0, self._resumed.content, view=stop_view())
                self._on_shown()
            async with self._position_shown():
                chunks = aiter(self._reply)
                text = await anext(chunks, None)
            while text is not None:
                if self._is_due() and not self.stopped:
                    await self._show_in_passing()
                text = await anext(chunks, None)
        contents, _ = self._whole()
        await self._send_missing(contents)
        await self._delete_surplus(len(contents))

    async def take_back(self) -> None:
        """Delete what was added to a reply that was to go on."""
        with contextlib.suppress(discord.HTTPException, aiohttp.ClientError, OSError):
            await self._delete_surplus(1)

    async def finish(self, view: discord.ui.View | None) -> None:
        """The last edit: the whole text, and `view` below its last message."""
        contents, file = self._whole()
        last = len(contents) - 1
        options: dict[str, Any] = {"attachments": [file]} if file else {}
        try:
            for index, content in enumerate(contents[:-1]):
                await self._edit(index, content)
            await self._edit(last, contents[last], view=view, **options)
        except discord.HTTPException as error:
            if not isinstance(error, discord.NotFound | discord.Forbidden):
                await self._take_stop_button(view)
            raise

    async def _take_stop_button(self, view: discord.ui.View | None) -> None:
        """The text was refused; ⏹ must not stay below what does not run any more."""
        with contextlib.suppress(discord.HTTPException, aiohttp.ClientError, OSError):
            await self._destination.edit(self._messages[-1], view=view)

    async def interrupt(self, sentence: str, view: discord.ui.View | None = None) -> None:
        """End with `sentence`: below the text so far, or as the answer when there is none."""
        self._note = sentence
        contents, _ = self._whole()
        await self._send_missing(contents)
        await self._delete_surplus(len(contents))
        await self.finish(view)

    def close(self) -> None:
        """Let go of everything; a reply that still runs is cancelled. Idempotent."""
        if self._reply.completion is None:
            self._reply.cancel()
        self.recorded.set()
        for message_id in self.message_ids:
            self._unfinished.remove(message_id)

    def _growing(self) -> list[str]:
        """The messages that show the text so far."""
        return split(self._header + self._said())[:MESSAGES]

    def _said(self) -> str:
        """What goes on after other words keeps the white space between."""
        return defused(self._reply.text.rstrip() if self.resumes else self._reply.text.strip())

    def _whole(self) -> tuple[list[str], discord.File | None]:
        """The messages that show the ended reply, and the file when it is too long for them."""
        said = self._said()
        note = f"-# {self._note}" if said and self._note else self._note
        if self._reply.was_interrupted:
            note = interrupted()
        elif self._reply.was_cancelled and not said and not self.resumes:
            note = f"-# {announce('reply-stopped')}"
        contents = split(self._header + "\n".join(filter(None, (said, note))))
        if len(contents) <= MESSAGES:
            return contents, None
        beginning, *_ = split(said, BEGINNING)
        closing = "\n".join(filter(None, (f"{beginning.rstrip()} …", f"-# {announce('reply-in-file')}", note)))
        return split(self._header + closing), discord.File(
            io.BytesIO((defused(self._reply.before) + said).encode()), "answer.md"
        )

    def _is_due(self) -> bool:
        if self._refused or self._stands_still or not self._reply.text[:LONGEST_WORD].strip():
            return False
        if not self._messages or self._shown_at == 0.0:
            return self._pacer.now() >= self._tried_at and worth_a_look(self._reply.text)
        return self._pacer.now() - self._shown_at >= self._pacer.interval(self._destination.bucket)

    @contextlib.asynccontextmanager
    async def _position_shown(self) -> AsyncIterator[None]:
        """Say how many are ahead, and keep the number right, until the block is left."""
        if not (ahead := self._reply.position):
            if self._placeholder:
                await self._send_missing([self._header + self._placeholder])
            yield
            return
        await self._send_missing([_position(ahead, self._reply.wait_s)])
        watching = asyncio.create_task(self._watch_position())
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _watch_position(self) -> None:
        while True:
            await asyncio.sleep(POSITION_SECONDS + self._pacer.interval(self._destination.bucket))
            if ahead := self._reply.position:
                with contextlib.suppress(discord.HTTPException, aiohttp.ClientError, OSError):
                    await self._edit(0, _position(ahead, self._reply.wait_s))

    async def _show_in_passing(self) -> None:
        """A look that fails is no reason to look again at once: the last edit shows this text as well."""
        self._tried_at = self._pacer.now() + RETRY_SECONDS
        try:
            await self._show(self._growing())
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            if isinstance(error, discord.NotFound | discord.Forbidden) or (is_final(error) and not self._messages):
                raise
            self._shown_at = self._tried_at
            self._refused = is_final(error)
            log.info("channel %d: an edit failed (%s)", self._destination.channel_id, type(error).__name__)

    async def _show(self, contents: Sequence[str]) -> None:
        shown = len(self._messages)
        for index, content in enumerate(contents[:shown]):
            moves_on = index == shown - 1 and len(contents) > shown
            if moves_on:  # ⏹ goes to the message that grows
                await self._edit(index, content, view=None)
            else:
                await self._edit(index, content)
        await self._send_missing(contents)
        self._shown_at = self._pacer.now()

    async def _edit(self, index: int, content: str, **options: Any) -> None:
        if self._shown[index] != content or options:
            message = self._messages[index]
            self._messages[index] = await self._destination.edit(message, content=content, **options)
            self._shown[index] = content
            if self._messages[index].id != message.id:
                await self._move(message, self._messages[index])

    async def _move(self, old: discord.Message, new: discord.Message) -> None:
        """The destination could not edit a message and sent another one in its place."""
        self._unfinished.add(new.id, self)
        self._unfinished.remove(old.id)  # or its deletion would be taken for the reply's
        with contextlib.suppress(discord.HTTPException, aiohttp.ClientError, OSError):
            await discord.PartialMessage(channel=new.channel, id=old.id).delete()

    async def _send_missing(self, contents: Sequence[str]) -> None:
        for index in range(len(self._messages), len(contents)):
            # Discord drops a second message with the same nonce: a retry after a lost answer makes no duplicate.
            options: dict[str, Any] = {"nonce": f"{self._nonce}{index}"}
            if index == len(contents) - 1 and self._reply.completion is None:
                options["view"] = stop_view()
            message = await self._destination.send(contents[index], **options)
            self._unfinished.add(message.id, self)
            self._messages.append(message)
            self._shown.append(contents[index])
            self._on_shown()

    async def _delete_surplus(self, needed: int) -> None:
        """A code block that its author closes needs no added fence: the text may fit into one message less."""
        while len(self._messages) > max(needed, 1):
            await self._messages[-1].delete()
            self._unfinished.remove(self._messages.pop().id)
            self._shown.pop()


def worth_a_look(text: str) -> bool:
    """Whether a reply that has just begun is worth showing: a few words, a short sentence, or much without a space."""
    begun = text.lstrip()[: LONGEST_WORD + 1]
    if len(begun) > LONGEST_WORD or _SENTENCE_END.search(begun):
        return True
    return any(character.isspace() for character in begun[FRAGMENT:])


def _position(ahead: int, wait_s: float | None) -> str:
    """How many are ahead, and for about how long; rounded, because nobody knows it better: 5 s, 40 s, 3 min."""
    if wait_s is None:
        said = announce("queue-position", ahead=ahead)
    elif wait_s < 60:
        said = announce("queue-position-seconds", ahead=ahead, seconds=max(5, round(wait_s / 5) * 5))
    else:
        said = announce("queue-position-minutes", ahead=ahead, minutes=round(wait_s / 60))
    return f"-# {said}"


def interrupted() -> str:
    """The note below a reply that ended because the bot did."""
    return f"-# {announce('reply-interrupted')}"
