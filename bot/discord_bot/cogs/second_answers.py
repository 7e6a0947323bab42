"""🔁: a second answer beside the first, and the choice between the two."""

import contextlib
import logging
from collections.abc import Iterator
from typing import Any

import discord
from discord.ext import commands

from bot.conversation.core import Core
from bot.conversation.replies import INTERRUPTED_FINISH, Reply
from bot.discord_bot.access import check_steers
from bot.discord_bot.controls.buttons import AGAIN, KEEP, feedback_view, reply_view
from bot.discord_bot.interactions import Interaction, InteractiveBot
from bot.discord_bot.permissions import check_may_write
from bot.discord_bot.replying.delivery import ReplyDelivery
from bot.discord_bot.replying.destinations import AnswerDestination
from bot.discord_bot.replying.webhooks import Identities
from bot.discord_bot.responding import acknowledge
from bot.errors import MemberError
from bot.store import StoredReply, VoteCount
from bot.wording import announce

log = logging.getLogger(__name__)


class AnswerGone(MemberError):
    def __init__(self) -> None:
        super().__init__("answer-gone")


class AlreadyAnswering(MemberError):
    def __init__(self) -> None:
        super().__init__("already-answering")


class SecondAnswers(commands.Cog):
    def __init__(self, bot: InteractiveBot, core: Core, delivery: ReplyDelivery, identities: Identities) -> None:
        self._bot = bot
        self._replies = core.replies
        self._catalog = core.catalog
        self._store = core.store
        self._delivery = delivery
        self._identities = identities
        self._writing = delivery.growing

    async def cog_load(self) -> None:
        self._bot.press_handlers.add(AGAIN.calls(self.write), KEEP.calls(self.keep))

    async def write(self, interaction: Interaction, reply_id: int) -> None:
        """🔁 was pressed: stream another answer to the same question. Raises MemberError."""
        await acknowledge(interaction)
        stored = await self._reply(interaction, reply_id)
        check_steers(interaction, stored.record.asker_id, "again")
        if reply_id in self._writing or (await self._store.standing(reply_id)).rival is not None:
            raise AlreadyAnswering
        self._writing.add(reply_id)
        try:
            self._delivery.admit(interaction.user.id, interaction.guild_id)
            await self._write(interaction, stored)
        finally:
            self._writing.discard(reply_id)

    async def keep(self, interaction: Interaction, kept_id: int, other_id: int) -> None:
        """“Keep this” was pressed below one of two answers. Raises MemberError."""
        await acknowledge(interaction)
        kept, other = await self._reply(interaction, kept_id), await self._reply(interaction, other_id)
        check_steers(interaction, kept.record.asker_id, "keep")
        if not self._writing.isdisjoint((kept_id, other_id)):
            raise MemberError("reply-still-growing")
        await self._store.add_comparison(kept_id, other_id, interaction.user.id)
        with _given_up_on_refusal(kept):
            await interaction.edit_original_response(view=await reply_view(self._store, kept_id))
        await self._strike(other)

    async def _write(self, interaction: Interaction, first: StoredReply) -> None:
        assert interaction.message is not None
        persona = self._catalog.get(first.record.persona, first.record.guild_id)
        instead = first.record.finish_reason == INTERRUPTED_FINISH
        own_name = await self._identities.destination(interaction.channel, persona)
        check_may_write(interaction.channel, through_webhook=own_name is not None)

        async def begin() -> Reply:
            return self._replies.again(first, persona, instead=instead)

        def view_of(reply_id: int, *, goes_on: bool) -> discord.ui.View:
            return feedback_view(reply_id, VoteCount(0, 0), rival=None if instead else first.id, goes_on=goes_on)

        spoken = await self._delivery.speak(
            own_name or AnswerDestination(interaction.message),
            begin,
            header="" if own_name else await self._identities.first_line(interaction.channel, persona),
            view_of=view_of,
        )
        if spoken.reply_id is None:
            return
        if instead:
            await self._store.remove_reply(first.id)
            await self._edit_last(first, view=None)
        else:
            await self._edit_last(first, view=await reply_view(self._store, first.id))

    async def _reply(self, interaction: Interaction, reply_id: int) -> StoredReply:
        """The reply that a button names, if it was given here: a forged one opens nothing of other channels."""
        stored = await self._store.reply(reply_id)
        if stored is None or stored.record.channel_id != interaction.channel_id:
            raise AnswerGone
        return stored

    async def _edit_last(self, reply: StoredReply, *, view: discord.ui.View | None) -> None:
        channel = self._channel(reply)
        with _given_up_on_refusal(reply):
            await self._identities.edit(channel, reply.message_ids[-1], view=view)

    async def _strike(self, reply: StoredReply) -> None:
        """Take the answer that was not kept from view. Its first message stays, so that it can be found again."""
        channel = self._channel(reply)
        first, *others = reply.message_ids
        with _given_up_on_refusal(reply):
            note = f"-# {announce('another-kept')}"
            await self._identities.edit(channel, first, content=note, view=None, attachments=[])
            for other in others:
                await self._identities.delete(channel, other)

    def _channel(self, reply: StoredReply) -> Any:
        channel_id = reply.record.channel_id
        return self._bot.get_channel(channel_id) or self._bot.get_partial_messageable(channel_id)


@contextlib.contextmanager
def _given_up_on_refusal(reply: StoredReply) -> Iterator[None]:
    """What is stored is stored: a message that can't be changed costs only its look."""
    try:
        yield
    except discord.HTTPException as error:
        log.info("reply %d: its messages could not be changed (%s)", reply.id, error.status)
