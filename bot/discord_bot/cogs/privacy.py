"""/privacy: what a member allowed, and showing, exporting and deleting everything stored about them."""

import io
import json
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.discord_bot.access import channel_ids
from bot.discord_bot.controls.consent import ALLOW, LEARN_MORE, REFUSE, ConsentQuestion, learn_more
from bot.discord_bot.failures import GuardedView
from bot.discord_bot.interactions import Interaction, InteractiveBot
from bot.discord_bot.localization import audience_of, described
from bot.discord_bot.responding import acknowledge
from bot.retraining.forgetting import Forgetting
from bot.store import WHOLE_SERVER, Store
from bot.wording import address, say

COUNTED = ("replies", "quoted_in", "votes", "corrections", "comparisons", "personas_made")


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

    @app_commands.command(description=described("command-privacy.description"))
    async def privacy(self, interaction: Interaction) -> None:
        await acknowledge(interaction, ephemeral=True)
        consent = await self._store.consent(interaction.user.id)
        rows = await self._store.export_member(interaction.user.id)
        lines = [_state(consent), *await self._switched_off(interaction), _stored(rows)]
        await interaction.followup.send("\n".join(lines), view=PrivacyView(self), ephemeral=True)

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
        await interaction.response.send_message(learn_more(), ephemeral=True)

    async def export(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        rows = await self._store.export_member(interaction.user.id)
        text = json.dumps(rows, ensure_ascii=False, indent=2, default=str)
        file = discord.File(io.BytesIO(text.encode()), filename="troupe-privacy.json")
        await interaction.followup.send(say("privacy-exported"), file=file, ephemeral=True)

    async def delete(self, interaction: Interaction) -> None:
        await interaction.response.defer()
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


class _OwnView(GuardedView):
    """Open to members who may not use the bot otherwise: what is stored about them stays theirs."""

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        address(audience_of(interaction, interaction.client))
        return True


class PrivacyView(_OwnView):
    def __init__(self, privacy: Privacy) -> None:
        super().__init__()
        self._privacy = privacy
        self.allow.label = say("privacy-allow")
        self.refuse.label = say("privacy-refuse")
        self.more.label = say("consent-learn-more")
        self.export.label = say("privacy-export")
        self.delete.label = say("privacy-delete")

    @discord.ui.button(style=discord.ButtonStyle.success)
    async def allow(self, interaction: Interaction, _: discord.ui.Button[Any]) -> None:
        await self._privacy.allow(interaction)

    @discord.ui.button(style=discord.ButtonStyle.secondary)
    async def refuse(self, interaction: Interaction, _: discord.ui.Button[Any]) -> None:
        await self._privacy.refuse(interaction)

    @discord.ui.button(style=discord.ButtonStyle.secondary)
    async def more(self, interaction: Interaction, _: discord.ui.Button[Any]) -> None:
        await self._privacy.tell_more(interaction)

    @discord.ui.button(style=discord.ButtonStyle.primary)
    async def export(self, interaction: Interaction, _: discord.ui.Button[Any]) -> None:
        await self._privacy.export(interaction)

    @discord.ui.button(style=discord.ButtonStyle.danger)
    async def delete(self, interaction: Interaction, _: discord.ui.Button[Any]) -> None:
        await interaction.response.edit_message(content=say("privacy-sure"), view=DeleteView(self._privacy))


class DeleteView(_OwnView):
    def __init__(self, privacy: Privacy) -> None:
        super().__init__()
        self._privacy = privacy
        self.confirm.label = say("privacy-delete-yes")
        self.keep.label = say("privacy-delete-no")

    @discord.ui.button(style=discord.ButtonStyle.danger)
    async def confirm(self, interaction: Interaction, _: discord.ui.Button[Any]) -> None:
        await self._privacy.delete(interaction)

    @discord.ui.button(style=discord.ButtonStyle.secondary)
    async def keep(self, interaction: Interaction, _: discord.ui.Button[Any]) -> None:
        await interaction.response.edit_message(content=say("privacy-kept"), view=None)
