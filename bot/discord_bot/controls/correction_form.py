"""The form in which a member writes what a reply should have been."""

from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot.discord_bot.failures import GuardedModal
from bot.discord_bot.interactions import Interaction

WAITS = 3600.0  # seconds a member may take over the form
Save = Callable[[Interaction, int, str], Awaitable[None]]


class CorrectionForm(GuardedModal, title="A better answer"):
    """`save` receives the reply's id and what was typed."""

    better: discord.ui.Label[Any] = discord.ui.Label(
        text="How should it have answered?",
        component=discord.ui.TextInput(
            custom_id="answer", style=discord.TextStyle.paragraph, max_length=2000, required=True
        ),
    )

    def __init__(self, reply_id: int, save: Save) -> None:
        super().__init__(timeout=WAITS)
        self._reply_id = reply_id
        self._save = save

    async def on_submit(self, interaction: Interaction, /) -> None:
        assert isinstance(self.better.component, discord.ui.TextInput)
        await self._save(interaction, self._reply_id, self.better.component.value)
