"""▶: a reply that ended at its length limit goes on, in the same messages and the same row."""

import contextlib
from typing import Any

import aiohttp
import discord
from discord.ext import commands

from bot.conversation.core import Core
from bot.conversation.replies import Reply
from bot.discord_bot.access import check_steers
from bot.discord_bot.controls.buttons import CONTINUE, feedback_view, reply_view
from bot.discord_bot.interactions import Interaction, InteractiveBot
from bot.discord_bot.permissions import check_may_write
from bot.discord_bot.replying.delivery import ReplyDelivery
from bot.discord_bot.replying.destinations import PlainDestination
from bot.discord_bot.replying.webhooks import Identities
from bot.discord_bot.responding import acknowledge
from bot.errors import CannotGoOn, MemberError
from bot.store import StoredReply


class Continuing(commands.Cog):
    def __init__(self, bot: InteractiveBot, core: Core, delivery: ReplyDelivery, identities: Identities) -> None:
        self._bot = bot
        self._replies = core.replies
        self._catalog = core.catalog
        self._store = core.store
        self._delivery = delivery
        self._identities = identities

    async def cog_load(self) -> None:
        self._bot.press_handlers.add(CONTINUE.calls(self.go_on))

    async def go_on(self, interaction: Interaction, reply_id: int) -> None:
        """▶ was pressed. Raises MemberError."""
        await acknowledge(interaction)
        stored = await self._store.reply(reply_id)
        if stored is None or stored.record.channel_id != interaction.channel_id:
            raise CannotGoOn
        check_steers(interaction, stored.record.asker_id, "continue")
        if reply_id in self._delivery.growing:
            raise MemberError("reply-still-growing")
        self._delivery.growing.add(reply_id)
        try:
            await self._go_on(interaction, stored)
        finally:
            self._delivery.growing.discard(reply_id)

    async def _go_on(self, interaction: Interaction, stored: StoredReply) -> None:
        assert interaction.message is not None
        persona = self._catalog.get(stored.record.persona, stored.record.guild_id)
        own_name = await self._identities.destination(interaction.channel, persona)
        check_may_write(interaction.channel, through_webhook=own_name is not None)
        self._delivery.admit(interaction.user.id, interaction.guild_id)
        votes, standing = await self._store.votes(stored.id), await self._store.standing(stored.id)
        further = own_name or PlainDestination(interaction.channel)
        destination = await self._identities.resumed(interaction.channel, interaction.message, further)

        async def begin() -> Reply:
            return await self._replies.go_on(stored, persona)

        def view_of(reply_id: int, *, goes_on: bool) -> discord.ui.View:
            return feedback_view(reply_id, votes, standing.rival, goes_on=goes_on)

        try:
            await self._delivery.speak(destination, begin, view_of=view_of, resumed=interaction.message)
        except Exception:
            await self._put_back(interaction.channel, interaction.message, stored.id)
            raise

    async def _put_back(self, channel: Any, message: discord.Message, reply_id: int) -> None:
        """What was said before stands as it was."""
        with contextlib.suppress(discord.HTTPException, aiohttp.ClientError, OSError):
            view = await reply_view(self._store, reply_id)
            await self._identities.edit(channel, message.id, content=message.content, view=view)
