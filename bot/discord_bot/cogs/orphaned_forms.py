"""Answers for forms that a restart ended: whoever sends one off gets back what they typed."""

from typing import Any

import discord
from discord.ext import commands

from bot.discord_bot.controls.typed_words import typed_file, typed_words
from bot.discord_bot.failures import answer
from bot.discord_bot.interactions import Interaction, InteractiveBot
from bot.discord_bot.responding import show_privately
from bot.wording import say


class OrphanedForms(commands.Cog):
    def __init__(self, bot: InteractiveBot) -> None:
        self._bot = bot

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        data: dict[str, Any] = dict(interaction.data or {})
        if not self._bot.form_ids.is_orphaned(str(data.get("custom_id"))):
            return
        try:
            if interaction.type is discord.InteractionType.modal_submit:
                file = typed_file(typed_words(data["components"]))
                await show_privately(interaction, say("form-from-before"), file=file)
            else:
                await show_privately(interaction, say("form-again-from-before"))
        except Exception as error:  # noqa: BLE001 (the boundary: the member reads a sentence)
            await answer(interaction, error)
