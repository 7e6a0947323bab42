"""/privacy: what a member allowed, and showing, exporting and deleting everything stored about them."""

import io
import json
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.discord_bot.access import channel_ids
from bot.discord_bot.controls.consent import ALLOW, ALLOWED, LEARN_MORE, MORE, REFUSE, REFUSED, ConsentQuestion
from bot.discord_bot.failures import GuardedView
from bot.discord_bot.interactions import Interaction, InteractiveBot
from bot.retraining.forgetting import Forgetting
from bot.store import WHOLE_SERVER, Store

PRESSABLE = 840.0  # seconds; an interaction's token is valid for 15 minutes
STATES = {
    None: "You have not said yet whether personas may learn from what you write, so they may not.",
    True: "Personas **may learn** from what you write to them.",
    False: "Personas **may not learn** from what you write to them. Your votes count all the same.",
}
COUNTED = {
    "replies": "replies to you, with what you wrote",
    "quoted_in": "replies to others that your words led up to",
    "votes": "votes",
    "corrections": "better answers",
    "comparisons": "choices between two answers",
    "personas_made": "personas you made",
}
STAYS = "It stays on the machine that runs this bot."
OFF = "On this {place} nothing is learned from anybody: its owners switched that off."
SURE = "This deletes your messages to me with my replies to them, your votes and your better answers, for good. Sure?"


class Privacy(commands.Cog):
    def __init__(self, bot: InteractiveBot, store: Store, forgetting: Forgetting, consent: ConsentQuestion) -> None:
        self._bot = bot
        self._store = store
        self._forgetting = forgetting
        self._consent = consent

    async def cog_load(self) -> None:
        self._bot.press_handlers.add(
            ALLOW.calls(self.allow), REFUSE.calls(self.refuse), LEARN_MORE.calls(self.tell_more)
        )

    @app_commands.command(description="See what I store about you; allow or refuse training; export or delete it.")
    async def privacy(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        consent = await self._store.consent(interaction.user.id)
        rows = await self._store.export_member(interaction.user.id)
        lines = [STATES[consent], *await self._switched_off(interaction), _stored(rows)]
        await interaction.followup.send("\n".join(lines), view=PrivacyView(self), ephemeral=True)

    async def allow(self, interaction: Interaction) -> None:
        await self._store.set_consent(interaction.user.id, True)
        await interaction.response.edit_message(content=ALLOWED, view=None)

    async def refuse(self, interaction: Interaction) -> None:
        await self._store.set_consent(interaction.user.id, False)
        await interaction.response.edit_message(content=REFUSED, view=None)

    async def tell_more(self, interaction: Interaction) -> None:
        await interaction.response.send_message(MORE, ephemeral=True)

    async def export(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        rows = await self._store.export_member(interaction.user.id)
        text = json.dumps(rows, ensure_ascii=False, indent=2, default=str)
        file = discord.File(io.BytesIO(text.encode()), filename="troupe-privacy.json")
        await interaction.followup.send("Everything I store about you:", file=file, ephemeral=True)

    async def delete(self, interaction: Interaction) -> None:
        await interaction.response.defer()
        await self._forgetting.forget(interaction.user.id)
        await interaction.edit_original_response(content="Everything I stored about you is deleted.", view=None)

    async def _switched_off(self, interaction: Interaction) -> list[str]:
        if interaction.guild_id is None:
            return []
        off = await self._store.collection_off(interaction.guild_id)
        if WHOLE_SERVER in off:
            return [OFF.format(place="server")]
        return [] if off.isdisjoint(channel_ids(interaction.channel)) else [OFF.format(place="channel")]

    @commands.Cog.listener()
    async def on_app_command_completion(self, interaction: Interaction, command: Any) -> None:
        """Members who voted by reaction are asked here: only an interaction can carry a private question."""
        if command is not self.privacy and self._consent.is_owed(interaction.user.id):
            await self._consent.ask_if_new(interaction)


def _stored(rows: dict[str, Any]) -> str:
    counts = [f"{len(rows[kind])} {what}" for kind, what in COUNTED.items() if rows[kind]]
    return f"Stored about you: {', '.join(counts)}. {STAYS}" if counts else "Nothing else is stored about you."


class _OwnView(GuardedView):
    """Open to members who may not use the bot otherwise: what is stored about them stays theirs."""

    async def interaction_check(self, _interaction: Interaction, /) -> bool:
        return True


class PrivacyView(_OwnView):
    def __init__(self, privacy: Privacy) -> None:
        super().__init__(timeout=PRESSABLE)
        self._privacy = privacy

    @discord.ui.button(label="Allow learning", style=discord.ButtonStyle.success)
    async def allow(self, interaction: Interaction, _: discord.ui.Button[Any]) -> None:
        await self._privacy.allow(interaction)

    @discord.ui.button(label="Refuse", style=discord.ButtonStyle.secondary)
    async def refuse(self, interaction: Interaction, _: discord.ui.Button[Any]) -> None:
        await self._privacy.refuse(interaction)

    @discord.ui.button(label="Learn more", style=discord.ButtonStyle.secondary)
    async def more(self, interaction: Interaction, _: discord.ui.Button[Any]) -> None:
        await self._privacy.tell_more(interaction)

    @discord.ui.button(label="Export", style=discord.ButtonStyle.primary)
    async def export(self, interaction: Interaction, _: discord.ui.Button[Any]) -> None:
        await self._privacy.export(interaction)

    @discord.ui.button(label="Delete everything", style=discord.ButtonStyle.danger)
    async def delete(self, interaction: Interaction, _: discord.ui.Button[Any]) -> None:
        await interaction.response.edit_message(content=SURE, view=DeleteView(self._privacy))


class DeleteView(_OwnView):
    def __init__(self, privacy: Privacy) -> None:
        super().__init__(timeout=PRESSABLE)
        self._privacy = privacy

    @discord.ui.button(label="Yes, delete everything", style=discord.ButtonStyle.danger)
    async def confirm(self, interaction: Interaction, _: discord.ui.Button[Any]) -> None:
        await self._privacy.delete(interaction)

    @discord.ui.button(label="Keep it", style=discord.ButtonStyle.secondary)
    async def keep(self, interaction: Interaction, _: discord.ui.Button[Any]) -> None:
        await interaction.response.edit_message(content="Nothing was deleted.", view=None)
