"""The form in which a member writes what a reply should have been."""

from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot.discord_bot.failures import GuardedModal
from bot.discord_bot.interactions import Interaction
from bot.wording import say

SaveCorrection = Callable[[Interaction, int, str], Awaitable[None]]


class CorrectionForm(GuardedModal):
    """`save` receives the reply's id and what was typed."""

    def __init__(self, reply_id: int, save: SaveCorrection) -> None:
        super().__init__(say("correction-title"))
        self._reply_id = reply_id
        self._save = save
        self._better: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="answer", style=discord.TextStyle.paragraph, max_length=2000, required=True
        )
        self.add_item(discord.ui.Label(text=say("correction-label"), component=self._better))

    async def on_submit(self, interaction: Interaction, /) -> None:
        await self._save(interaction, self._reply_id, self._better.value)
