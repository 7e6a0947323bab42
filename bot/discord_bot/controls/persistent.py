"""What the bot's buttons and menus have in common: their custom id says all, so they work after a restart."""

import re
from typing import Any, Self

import discord

from bot.discord_bot.failures import answer
from bot.discord_bot.interactions import PRESS, Interaction, client_of
from bot.discord_bot.localization import audience_of
from bot.wording import address


class PersistentItem(discord.ui.DynamicItem[Any], template=PRESS):
    """Any button or menu of ours, made anew at every press. What it does is the work of its action's handler."""

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, item: discord.ui.Item[Any], _match: re.Match[str], /
    ) -> Self:
        return cls(item)

    async def callback(self, interaction: Interaction) -> None:
        """Whatever goes wrong becomes a sentence: discord.py would only log it, and the member would see nothing."""
        address(audience_of(interaction, interaction.client))
        try:
            await client_of(interaction).press_handlers.handle(interaction, self.custom_id)
        except Exception as error:  # noqa: BLE001 (this is the boundary)
            await answer(interaction, error)


def persistent_view(*items: discord.ui.Button[Any] | discord.ui.Select[Any]) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for item in items:
        view.add_item(PersistentItem(item))
    return view
