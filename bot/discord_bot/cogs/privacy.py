"""/privacy: what a member allowed, and showing, exporting and deleting everything stored about them."""

import io
import json
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.discord_bot.access import channel_ids
from bot.discord_bot.controls.consent import ALLOW, LEARN_MORE, REFUSE, ConsentQuestion, learn_more
from bot.discord_bot.controls.privacy_panel import ASK_TO_DELETE, DELETE, EXPORT, KEEP_ALL, delete_view, privacy_view
from bot.discord_bot.interactions import Interaction, InteractiveBot
from bot.discord_bot.localization import described
from bot.discord_bot.responding import acknowledge, show_privately
from bot.retraining.forgetting import Forgetting
from bot.store import WHOLE_SERVER, Store
from bot.wording import say

COUNTED = ("replies", "quoted_in", "votes", "corrections", "comparisons", "personas_made")


class Privacy(commands.Cog):
    def __init__(self, bot: InteractiveBot, store: Store, forgetting: Forgetting, consent: ConsentQuestion) -> None:
        self._bot = bot
        self._store = store
        self._forgetting = forgetting
        self._consent = consent

    async def cog_load(self) -> None:
        self._bot.press_handlers.add(
            ALLOW.calls(self.allow),
            REFUSE.calls(self.refuse),
            LEARN_MORE.calls(self.tell_more),
            EXPORT.calls(self.export),
            ASK_TO_DELETE.calls(self.ask_to_delete),
            DELETE.calls(self.delete),
            KEEP_ALL.calls(self.keep_all),
        )

    @app_commands.command(description=described("command-privacy.description"))
    async def privacy(self, interaction: Interaction) -> None:
        await acknowledge(interaction, ephemeral=True)
        consent = await self._store.consent(interaction.user.id)
        rows = await self._store.export_member(interaction.user.id)
        lines = [_state(consent), *await self._switched_off(interaction), _stored(rows)]
        await interaction.followup.send("\n".join(lines), view=privacy_view(), ephemeral=True)

    async def allow(self, interaction: Interaction) -> None:
        await acknowledge(interaction)
        await self._store.set_consent(interaction.user.id, True)
        await interaction.edit_original_response(content=say("consent-allowed"), view=None)

    async def refuse(self, interaction: Interaction) -> None:
        await acknowledge(interaction)
        await self._store.set_consent(interaction.user.id, False)
        await interaction.edit_original_response(content=say("consent-refused"), view=None)
        await self._forgetting.withdraw(interaction.user.id)

    async def tell_more(self, interaction: Interaction) -> None:
        await show_privately(interaction, learn_more())

    async def export(self, interaction: Interaction) -> None:
        await acknowledge(interaction)
        rows = await self._store.export_member(interaction.user.id)
        text = json.dumps(rows, ensure_ascii=False, indent=2, default=str)
        file = discord.File(io.BytesIO(text.encode()), filename="troupe-privacy.json")
        await interaction.followup.send(say("privacy-exported"), file=file, ephemeral=True)

    async def ask_to_delete(self, interaction: Interaction) -> None:
        await acknowledge(interaction)
        await interaction.edit_original_response(content=say("privacy-sure"), view=delete_view())

    async def keep_all(self, interaction: Interaction) -> None:
        await acknowledge(interaction)
        await interaction.edit_original_response(content=say("privacy-kept"), view=None)

    async def delete(self, interaction: Interaction) -> None:
        await acknowledge(interaction)
        await self._forgetting.forget(interaction.user.id)
        await interaction.edit_original_response(content=say("privacy-deleted"), view=None)

    async def _switched_off(self, interaction: Interaction) -> list[str]:
        if interaction.guild_id is None:
            return []
        off = await self._store.collection_off(interaction.guild_id)
        if WHOLE_SERVER in off:
            return [say("privacy-off-server")]
        return [] if off.isdisjoint(channel_ids(interaction.channel)) else [say("privacy-off-channel")]

    @commands.Cog.listener()
    async def on_app_command_completion(self, interaction: Interaction, command: Any) -> None:
        """Members who voted by reaction are asked here: only an interaction can carry a private question."""
        if command is not self.privacy and self._consent.is_owed(interaction.user.id):
            await self._consent.ask_if_new(interaction)


def _state(consent: bool | None) -> str:
    if consent is None:
        return say("privacy-undecided")
    return say("privacy-allowed" if consent else "privacy-refused")


def _stored(rows: dict[str, Any]) -> str:
    counts = [say("privacy-count", kind=kind, count=len(rows[kind])) for kind in COUNTED if rows[kind]]
    return say("privacy-stored", counts=", ".join(counts)) if counts else say("privacy-nothing-stored")
