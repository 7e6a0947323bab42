"""Owns /privacy: what a member allowed, and showing, exporting and deleting everything stored about them."""

import io
import json
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.cogs.consent import ALLOWED, REFUSED, ConsentButton, ConsentQuestion
from bot.cogs.errors import GuardedView, Interaction
from bot.store import Store

PRESSABLE = 840.0  # seconds; an interaction's token is valid for 15 minutes
STATES = {
    None: "You have not said yet whether personas may learn from what you write, so they may not.",
    True: "Personas **may learn** from what you write to them.",
    False: "Personas **may not learn** from what you write to them. Your votes count all the same.",
}
ABOUT = (
    "Stored about you: your messages to the bot and its replies, your votes and your better answers. "
    "They stay on the machine that runs this bot."
)
SURE = "This deletes your messages to me with my replies to them, your votes and your better answers, for good. Sure?"


class Privacy(commands.Cog):
    def __init__(self, bot: commands.Bot, store: Store, consent: ConsentQuestion) -> None:
        self._bot = bot
        self._store = store
        self._consent = consent

    async def cog_load(self) -> None:
        self._bot.add_dynamic_items(ConsentButton)

    @app_commands.command(description="See what I store about you; allow or refuse training; export or delete it.")
    async def privacy(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        consent = await self._store.consent(interaction.user.id)
        await interaction.followup.send(f"{STATES[consent]}\n{ABOUT}", view=PrivacyView(self), ephemeral=True)

    async def answer_consent(self, interaction: Interaction, *, granted: bool) -> None:
        await self._store.set_consent(interaction.user.id, granted)
        await interaction.response.edit_message(content=ALLOWED if granted else REFUSED, view=None)

    async def export(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        rows = await self._store.export_member(interaction.user.id)
        text = json.dumps(rows, ensure_ascii=False, indent=2, default=str)
        file = discord.File(io.BytesIO(text.encode()), filename="troupe-privacy.json")
        await interaction.followup.send("Everything I store about you:", file=file, ephemeral=True)

    async def delete(self, interaction: Interaction) -> None:
        await interaction.response.defer()
        await self._store.delete_member(interaction.user.id)
        await interaction.edit_original_response(content="Everything I stored about you is deleted.", view=None)

    @commands.Cog.listener()
    async def on_app_command_completion(self, interaction: Interaction, command: Any) -> None:
        """Members who voted by reaction are asked here: only an interaction can carry a private question."""
        if command is not self.privacy and self._consent.is_owed(interaction.user.id):
            await self._consent.ask_if_new(interaction)


class PrivacyView(GuardedView):
    def __init__(self, privacy: Privacy) -> None:
        super().__init__(timeout=PRESSABLE)
        self._privacy = privacy

    @discord.ui.button(label="Allow learning", style=discord.ButtonStyle.success)
    async def allow(self, interaction: Interaction, _: discord.ui.Button[Any]) -> None:
        await self._privacy.answer_consent(interaction, granted=True)

    @discord.ui.button(label="Refuse", style=discord.ButtonStyle.secondary)
    async def refuse(self, interaction: Interaction, _: discord.ui.Button[Any]) -> None:
        await self._privacy.answer_consent(interaction, granted=False)

    @discord.ui.button(label="Export", style=discord.ButtonStyle.primary)
    async def export(self, interaction: Interaction, _: discord.ui.Button[Any]) -> None:
        await self._privacy.export(interaction)

    @discord.ui.button(label="Delete everything", style=discord.ButtonStyle.danger)
    async def delete(self, interaction: Interaction, _: discord.ui.Button[Any]) -> None:
        await interaction.response.edit_message(content=SURE, view=DeleteView(self._privacy))


class DeleteView(GuardedView):
    def __init__(self, privacy: Privacy) -> None:
        super().__init__(timeout=PRESSABLE)
        self._privacy = privacy

    @discord.ui.button(label="Yes, delete everything", style=discord.ButtonStyle.danger)
    async def confirm(self, interaction: Interaction, _: discord.ui.Button[Any]) -> None:
        await self._privacy.delete(interaction)

    @discord.ui.button(label="Keep it", style=discord.ButtonStyle.secondary)
    async def keep(self, interaction: Interaction, _: discord.ui.Button[Any]) -> None:
        await interaction.response.edit_message(content="Nothing was deleted.", view=None)
