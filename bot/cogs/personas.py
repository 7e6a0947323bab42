"""Owns /persona and /forget: who speaks in a channel, and what they remember of it."""

from collections.abc import Callable

import discord
from discord import app_commands
from discord.ext import commands

from bot.channels import ChannelPersonas
from bot.cogs.addressing import Place, place_of
from bot.cogs.errors import Interaction
from bot.cogs.splitting import split
from bot.conversation import Conversations
from bot.errors import NotAllowed, PersonaUnavailable
from bot.personas import Persona, PersonaCatalog
from bot.registry import AdapterVersion

CHOICES = 25  # Discord shows no more
Name = app_commands.Range[str, 1, 32]
# Which adapter version speaks for a persona now; raises PersonaUnavailable when its adapter could not be loaded.
Speaking = Callable[[str], AdapterVersion | None]


class Personas(commands.GroupCog, group_name="persona", group_description="Who speaks in this channel."):
    def __init__(self, channels: ChannelPersonas, catalog: PersonaCatalog, speaking: Speaking) -> None:
        self._channels = channels
        self._catalog = catalog
        self._speaking = speaking

    @app_commands.command(description="Choose who speaks in this channel or thread.")
    @app_commands.describe(name="The persona that speaks here from now on.")
    async def switch(self, interaction: Interaction, name: Name) -> None:
        place = _managed_place(interaction)
        persona = await self._channels.switch(place.channel_id, place.guild_id, name.lower(), interaction.user.id)
        await interaction.response.send_message(f"{_titled(persona)} speaks here now.\n{persona.greeting}".strip())

    @app_commands.command(description="Let this thread follow its channel again, or this channel the default persona.")
    async def reset(self, interaction: Interaction) -> None:
        place = _managed_place(interaction)
        await self._channels.reset(place.channel_id)
        persona = await self._channels.speaking(place.channel_id, place.parent_id)
        await interaction.response.send_message(f"{_titled(persona)} speaks here again.")

    @app_commands.command(name="list", description="All personas, and who speaks here.")
    async def list_personas(self, interaction: Interaction) -> None:
        place = _place(interaction)
        current = await self._channels.chosen(place.channel_id, place.parent_id) or self._channels.default
        lines = [
            f"{_titled(persona)} (`{persona.name}`): {persona.description}"
            + (" **← speaks here**" if persona.name == current else "")
            for persona in self._catalog.all()
        ]
        first, *others = split("\n".join(lines))
        await interaction.response.send_message(first, ephemeral=True)
        for other in others:
            await interaction.followup.send(other, ephemeral=True)

    @app_commands.command(description="What a persona is like, and which adapter version speaks for it.")
    @app_commands.describe(name="The persona; without a name, the one that speaks here.")
    async def info(self, interaction: Interaction, name: Name | None = None) -> None:
        if name is None:
            place = _place(interaction)
            persona = await self._channels.speaking(place.channel_id, place.parent_id)
        else:
            persona = self._catalog.get(name.lower())
        lines = [f"{_titled(persona)} (`{persona.name}`)", persona.description, self._voice(persona)]
        if persona.greeting:
            lines.append(f"> {persona.greeting}")
        await interaction.response.send_message("\n".join(lines), ephemeral=True)

    @switch.autocomplete("name")
    @info.autocomplete("name")
    async def matching(self, _interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        wanted = typed.strip().lower()
        found = [p for p in self._catalog.all() if wanted in p.name or wanted in p.display_name.lower()]
        return [app_commands.Choice(name=f"{p.display_name} ({p.name})", value=p.name) for p in found[:CHOICES]]

    def _voice(self, persona: Persona) -> str:
        try:
            version = self._speaking(persona.name)
        except PersonaUnavailable as error:
            return str(error)
        return f"Speaks with adapter version {version.number}." if version else "Speaks from its prompt alone."


class Memory(commands.Cog):
    def __init__(self, conversations: Conversations) -> None:
        self._conversations = conversations

    @app_commands.command(description="Start afresh: I forget what was said in this channel or thread.")
    async def forget(self, interaction: Interaction) -> None:
        await self._conversations.forget(_place(interaction).channel_id)
        await interaction.response.send_message("I have forgotten what was said here. Let's start afresh.")


def _place(interaction: Interaction) -> Place:
    channel = interaction.channel or discord.Object(interaction.channel_id or 0)
    return place_of(channel, interaction.guild_id)


def _managed_place(interaction: Interaction) -> Place:
    """Where the command was used. Raises NotAllowed on a server without Manage Channels."""
    if interaction.guild_id is not None and not interaction.permissions.manage_channels:
        raise NotAllowed("Choosing who speaks here needs the permission Manage Channels.")
    return _place(interaction)


def _titled(persona: Persona) -> str:
    return f"{persona.avatar} **{persona.display_name}**"
