"""The two entries in a message's menu (right click → Apps): suggest a better answer, delete a reply."""

import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.discord_bot.access import check_steers
from bot.discord_bot.interactions import Interaction
from bot.discord_bot.localization import described
from bot.discord_bot.replying.webhooks import Identities
from bot.discord_bot.responding import acknowledge, show
from bot.errors import MemberError
from bot.store import Store, StoredReply
from bot.wording import say

log = logging.getLogger(__name__)


class NoReplyOfMine(MemberError):
    def __init__(self) -> None:
        super().__init__("not-my-reply")


class ReplyMenus(commands.Cog):
    def __init__(
        self,
        bot: commands.Bot,
        store: Store,
        ask_for_correction: Callable[[Interaction, int, discord.Message], Awaitable[None]],
        identities: Identities,
    ) -> None:
        self._bot = bot
        self._store = store
        self._ask_for_correction = ask_for_correction
        self._identities = identities
        self._menus: list[app_commands.ContextMenu] = [
            app_commands.ContextMenu(name=described("menu-suggest"), callback=self.suggest),
            app_commands.ContextMenu(name=described("menu-delete"), callback=self.delete),
        ]

    async def cog_load(self) -> None:
        for menu in self._menus:
            self._bot.tree.add_command(menu)

    async def cog_unload(self) -> None:
        for menu in self._menus:
            self._bot.tree.remove_command(menu.name, type=menu.type)

    async def suggest(self, interaction: Interaction, message: discord.Message) -> None:
        reply = await self._reply(message)
        await self._ask_for_correction(interaction, reply.id, message)

    async def delete(self, interaction: Interaction, message: discord.Message) -> None:
        await acknowledge(interaction, ephemeral=True)
        reply = await self._reply(message)
        check_steers(interaction, reply.record.asker_id, "delete")
        await self._store.remove_reply(reply.id)
        channel: Any = interaction.channel
        for message_id in reply.message_ids:
            with contextlib.suppress(discord.NotFound):
                await self._identities.delete(channel, message_id)
        log.info("reply %d was deleted by member %d", reply.id, interaction.user.id)
        await show(interaction, say("reply-deleted"), ephemeral=True)

    async def _reply(self, message: discord.Message) -> StoredReply:
        reply = await self._store.reply_of_message(message.id)
        if reply is None:
            raise NoReplyOfMine
        return reply
