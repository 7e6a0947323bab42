"""Answers messages that are meant for the bot, each with a streamed reply of the channel's persona.

Every message it takes on ends in text, in a plain sentence, or in a cancellation by deleting the reply, never in
silence. One exception: a member who keeps writing too fast is told so only once.
"""

import contextlib
import logging
from collections import deque

import aiohttp
import discord
from discord.ext import commands

from bot.conversation.core import Core
from bot.conversation.replies import Ask
from bot.discord_bot.access import check_steers
from bot.discord_bot.addressing import (
    Place,
    answered_webhook_message,
    is_addressed,
    may_be_overheard,
    place_of_message,
    spoken_text,
    why_no_text,
)
from bot.discord_bot.controls.buttons import STOP, reply_view
from bot.discord_bot.failures import explain
from bot.discord_bot.interactions import Interaction, InteractiveBot
from bot.discord_bot.permissions import CannotWrite, OnceADay, check_may_write
from bot.discord_bot.rate_limits import TooFast
from bot.discord_bot.reading import NO_WORDS, Said, read
from bot.discord_bot.replying.defusing import defused
from bot.discord_bot.replying.delivery import ReplyDelivery
from bot.discord_bot.replying.destinations import AnswerDestination, Destination, reply_to
from bot.discord_bot.replying.revisions import Revisions
from bot.discord_bot.replying.streaming import interrupted
from bot.discord_bot.replying.webhooks import Identities
from bot.discord_bot.responding import acknowledge
from bot.discord_bot.unrepeated_events import Handler, OnceTold
from bot.errors import EmptyPrompt, StoreError, UnknownPersona
from bot.personas.catalog import Persona
from bot.store import StoredReply
from bot.wording import announce, say

log = logging.getLogger(__name__)


class Chat(commands.Cog):
    def __init__(
        self,
        bot: InteractiveBot,
        core: Core,
        delivery: ReplyDelivery,
        identities: Identities,
        once_told: OnceTold,
    ) -> None:
        self._bot = bot
        self._replies = core.replies
        self._channels = core.channels
        self._catalog = core.catalog
        self._store = core.store
        self._delivery = delivery
        self._identities = identities
        self._once_told = once_told
        self._revisions = Revisions(core.store, delivery.unfinished)
        once_told.deals_with("message edited", self._revisions.edited)
        once_told.deals_with("message deleted", self._revisions.deleted)
        self._refusals = OnceADay()
        self._taken: deque[int] = deque(maxlen=256)  # after a reconnect Discord may deliver a message twice

    async def cog_load(self) -> None:
        self._bot.press_handlers.add(STOP.calls(self.stop))

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        me = self._bot.user
        if me is None or not await self._is_meant(message, me) or message.id in self._taken:
            return
        self._taken.append(message.id)
        try:
            await self._answer(message, me)
        except (CannotWrite, discord.Forbidden):
            await self._tell_once_of_permissions(message, me)
        except TooFast as error:
            if error.first:
                await self._apologise(message, error)
        except discord.NotFound:
            log.info("channel %d: the reply or its channel was deleted in the meantime", message.channel.id)
        except Exception as error:  # noqa: BLE001 (the boundary: whatever raises, the member reads a sentence)
            await self._apologise(message, error)

    @commands.Cog.listener()
    async def on_raw_message_edit(self, edit: discord.RawMessageUpdateEvent) -> None:
        if self._bot.user is not None and edit.message.edited_at is not None and not edit.message.author.bot:
            text = await self._asked(edit.message, self._bot.user)
            await self._settle(self._revisions.edited, "message edited", edit.message_id, text)

    @commands.Cog.listener()
    async def on_raw_message_delete(self, deletion: discord.RawMessageDeleteEvent) -> None:
        await self._settle(self._revisions.deleted, "message deleted", deletion.message_id)

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, deletion: discord.RawBulkMessageDeleteEvent) -> None:
        for message_id in deletion.message_ids:
            await self._settle(self._revisions.deleted, "message deleted", message_id)

    async def _settle(self, handler: Handler, kind: str, message_id: int, *text: str) -> None:
        """Most messages of a server have nothing to do with the bot; only those that have are written down."""
        with self._once_told.handling(), contextlib.suppress(StoreError):
            if not await self._store.is_known(message_id):
                await handler(message_id, *text)  # it may be asked right now: whoever answers it must learn this
                return
        await self._once_told.settle(kind, message_id, *text)

    async def stop(self, interaction: Interaction) -> None:
        """⏹ was pressed: end the reply below which it hangs. Raises NotAllowed."""
        assert interaction.message is not None
        await acknowledge(interaction)
        if stream := self._delivery.unfinished.shown_by(interaction.message.id):
            check_steers(interaction, stream.asker_id, "stop")
            stream.stop()
        elif stored := await self._store.reply_of_message(interaction.message.id):
            # It has just ended, or it was to go on when the bot died: either way these are its buttons.
            await interaction.edit_original_response(view=await reply_view(self._store, stored.id))
        else:  # from before a crash: nothing runs any more
            note = interrupted()
            so_far = interaction.message.content[: 2000 - len(note) - 1]
            await interaction.edit_original_response(content=f"{so_far}\n{note}", view=None)

    async def _is_addressed(self, message: discord.Message, me: discord.ClientUser) -> bool:
        if is_addressed(message, me):
            return True
        answered = answered_webhook_message(message)
        return answered is not None and await self._store.reply_of_message(answered) is not None

    async def _is_meant(self, message: discord.Message, me: discord.ClientUser) -> bool:
        if await self._is_addressed(message, me):
            return True
        if not may_be_overheard(message, me):
            return False
        place = place_of_message(message)
        return await self._channels.answers_all(place.channel_id, place.parent_id)

    async def _answer(self, message: discord.Message, me: discord.ClientUser) -> None:
        place = place_of_message(message)
        since = self._store.erasures.mark()
        answered = await self._answered_reply(message)
        persona = await self._persona(place, answered)
        own_name = await self._identities.destination(message.channel, persona)
        check_may_write(message.channel, through_webhook=own_name is not None)
        self._delivery.admit(message.author.id, place.guild_id)
        said = await read(message, me, quoting=answered is None)
        text = spoken_text(message, me)
        if not text and not said.enclosed and not said.quotes:
            await self._answer_no_words(message, me, persona, own_name)
            return
        ask = Ask(
            channel_id=place.channel_id,
            guild_id=place.guild_id,
            author_id=message.author.id,
            author_name=message.author.display_name,
            text=text or ("" if said.enclosed else NO_WORDS),
            persona=persona,
            parent_channel_id=place.parent_id,
            message_id=message.id,
            branch=await self._branch(place, persona, answered),
            enclosed=said.enclosed,
            quotes=said.quotes,
        )
        fitted = self._replies.fitted(ask)
        first_line = await self._identities.first_line(message.channel, persona)
        await self._delivery.speak(
            own_name or AnswerDestination(message),
            lambda: self._replies.begin(fitted, since),
            header=_not_read(said, shortened=fitted != ask) + (first_line if own_name is None else ""),
        )

    async def _asked(self, message: discord.Message, me: discord.ClientUser) -> str:
        """All that the message says to the bot, as it is kept with its answer."""
        text = spoken_text(message, me)
        if not (message.attachments or message.poll) or not await self._store.is_known(message.id):
            return text
        said = await read(message, me, quoting=False)
        return "\n\n".join(filter(None, (text, said.enclosed)))

    async def _answer_no_words(
        self, message: discord.Message, me: discord.ClientUser, persona: Persona, own_name: Destination | None
    ) -> None:
        """A bare mention is greeted; to a picture that was not addressed to the bot nothing is said."""
        if reason := why_no_text(message, me):
            if await self._is_addressed(message, me):
                raise reason
        else:
            await self._greet(message, persona, own_name)

    async def _answered_reply(self, message: discord.Message) -> StoredReply | None:
        """The reply of ours that the message replies to."""
        if message.type is not discord.MessageType.reply or message.reference is None:
            return None
        return await self._store.reply_of_message(message.reference.message_id or 0)

    async def _persona(self, place: Place, answered: StoredReply | None) -> Persona:
        """Who is spoken to: whose words are answered, else who speaks in the channel."""
        if answered is not None:
            with contextlib.suppress(UnknownPersona):
                return self._catalog.get(answered.record.persona, place.guild_id)
        return await self._channels.speaking(place.channel_id, place.parent_id, place.guild_id)

    async def _branch(self, place: Place, persona: Persona, answered: StoredReply | None) -> int | None:
        """The reply that is answered, unless the channel's running conversation ends with it anyway."""
        if answered is None or answered.record.persona != persona.name:
            return None
        if answered.record.parent_reply_id is not None:
            return answered.id
        latest = await self._store.exchanges(place.channel_id, persona.name, 1, since=0.0)
        return None if latest and latest[-1].reply_id == answered.id else answered.id

    async def _greet(self, message: discord.Message, persona: Persona, own_name: Destination | None) -> None:
        if not persona.greeting:
            raise EmptyPrompt
        if own_name is not None:
            await own_name.send(defused(persona.welcome()))
            return
        await reply_to(message, defused(f"{persona.avatar} {persona.welcome()}"))

    async def _tell_once_of_permissions(self, message: discord.Message, me: discord.ClientUser) -> None:
        """Whoever addressed the bot learns why it is silent, once a day and channel; nobody else is disturbed."""
        if not await self._is_addressed(message, me) or not self._refusals.is_first(message.channel.id):
            return
        log.warning("channel %d: I may not write there", message.channel.id)
        try:
            await message.author.send(say("cannot-write", channel=f"<#{message.channel.id}>"))
        except (discord.HTTPException, aiohttp.ClientError, OSError) as refusal:
            log.info("channel %d: could not tell the member (%s)", message.channel.id, type(refusal).__name__)

    async def _apologise(self, message: discord.Message, error: Exception) -> None:
        sentence = explain(error, f"answering in channel {message.channel.id}", announce)
        try:
            await reply_to(message, sentence)
        except (discord.HTTPException, aiohttp.ClientError, OSError) as refusal:
            log.warning("channel %d: could not tell the member (%s)", message.channel.id, type(refusal).__name__)


def _not_read(said: Said, *, shortened: bool) -> str:
    """The line above an answer to a message that was not read as a whole."""
    names = ", ".join(defused(name) for name in said.unread)
    notes = [announce("not-read", names=names)] if names else []
    notes += [announce("quote-not-read")] if said.hidden else []
    notes += [announce("read-in-part")] if shortened or said.enclosed.endswith(" …") else []
    return "".join(f"-# {note}\n" for note in notes)
