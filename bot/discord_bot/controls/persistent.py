"""Owns what the bot's buttons and menus have in common: their custom id says all, so they work after a restart."""

import re
from typing import Any, Self

import discord

from bot.discord_bot.failures import Interaction, guarded

NUMBER = "[0-9]{1,18}"


class LastingItem(discord.ui.DynamicItem[Any], template="troupe:lasting"):
    """Made anew at every press: the groups of a subclass's template are its constructor's arguments, numbers as int."""

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        arguments: list[Any] = [int(group) if group.isdecimal() else group for group in match.groups()]
        return cls(*arguments)

    @guarded
    async def callback(self, interaction: Interaction) -> None:
        await self.pressed(interaction)

    async def pressed(self, interaction: Interaction) -> None:
        """What the press does. An exception becomes a sentence for the member."""
        raise NotImplementedError
