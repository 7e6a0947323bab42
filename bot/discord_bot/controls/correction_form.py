"""The form in which a member writes what a reply should have been."""

from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot.discord_bot.failures import GuardedModal
from bot.discord_bot.interactions import Interaction
from bot.wording import say

LONGEST = 2000  # characters, as of a message
SaveCorrection = Callable[[Interaction, int, str], Awaitable[None]]


class CorrectionForm(GuardedModal):
    """It opens with the `reply` to edit. `save` receives the reply's id and what was typed."""

    def __init__(self, reply_id: int, reply: str, save: SaveCorrection) -> None:
        super().__init__(say("correction-title"))
        self._reply_id = reply_id
        self._save = save
        self._better: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="answer",
            style=discord.TextStyle.paragraph,
            max_length=LONGEST,
            required=True,
            default=reply[:LONGEST] or None,
        )
        self.add_item(discord.ui.Label(text=say("correction-label"), component=self._better))

    async def on_submit(self, interaction: Interaction, /) -> None:
        await self._save(interaction, self._reply_id, self._better.value)
