"""/persona and /forget: who speaks in a channel and how, the server's own personas, what is remembered."""

import asyncio
import io
from collections.abc import Callable, Mapping

import discord
from discord import app_commands
from discord.ext import commands

from bot.conversation.channels import ChannelPersonas
from bot.conversation.history import Conversations
from bot.discord_bot.addressing import Place, place_of_interaction
from bot.discord_bot.controls.persona_forms import PersonaForm, values_of
from bot.discord_bot.interactions import Interaction
from bot.discord_bot.replying.defusing import defused
from bot.discord_bot.replying.splitting import split
from bot.discord_bot.replying.webhooks import home_of
from bot.errors import MemberError, NotAllowed, PersonaUnavailable
from bot.personas.catalog import Persona, PersonaCatalog
from bot.personas.character_cards import MOST_BYTES, BadCard, read_character_card, slug, write_character_card
from bot.personas.server_personas import ServerPersonas, persona_from
from bot.store import Store
from bot.versions.registry import AdapterVersion

CHOICES = 25  # Discord shows no more
Name = app_commands.Range[str, 1, 32]
# Which adapter version speaks for a persona now; raises PersonaUnavailable when its adapter could not be loaded.
SpeakingVersion = Callable[[str], AdapterVersion | None]
NEEDS_INTENT = (
    "To answer every message I must be able to read them all, which takes Discord's message-content intent. The people "
    "who run this bot can switch it on: in Discord's developer portal (Bot → Privileged Gateway Intents), and with "
    "`discord.message_content = true` in config.toml. Without it, members mention me."
)


class Personas(commands.GroupCog, group_name="persona", group_description="Who speaks in this channel."):
    def __init__(
        self,
        bot: commands.Bot,
        channels: ChannelPersonas,
        catalog: PersonaCatalog,
        speaking: SpeakingVersion,
        made: ServerPersonas,
        store: Store,
    ) -> None:
        self._bot = bot
        self._channels = channels
        self._catalog = catalog
        self._speaking = speaking
        self._made = made
        self._store = store

    @app_commands.command(description="Choose who speaks in this channel or thread.")
    @app_commands.describe(
        name="The persona that speaks here from now on.",
        auto_reply="Answer every message here, also those that do not mention me.",
    )
    async def switch(self, interaction: Interaction, name: Name, auto_reply: bool = False) -> None:
        place = _managed_place(interaction)
        if auto_reply and not self._bot.intents.message_content:
            raise MemberError(NEEDS_INTENT)
        persona = await self._channels.switch(
            place.channel_id, place.guild_id, name.lower(), interaction.user.id, auto_reply=auto_reply
        )
        lines = [f"{titled(persona)} speaks here now.", defused(persona.welcome())]
        if auto_reply:
            lines.append("-# It answers every message here.")
        await interaction.response.send_message("\n".join(line for line in lines if line))

    @app_commands.command(description="Let this thread follow its channel again, or this channel the default persona.")
    async def reset(self, interaction: Interaction) -> None:
        place = _managed_place(interaction)
        await self._channels.reset(place.channel_id)
        persona = await self._channels.speaking(place.channel_id, place.parent_id, place.guild_id)
        await interaction.response.send_message(f"{titled(persona)} speaks here again.")

    @app_commands.command(name="list", description="All personas, and who speaks here.")
    async def list_personas(self, interaction: Interaction) -> None:
        place = place_of_interaction(interaction)
        current = await self._channels.chosen(place.channel_id, place.parent_id) or self._channels.default
        lines = [
            f"{titled(persona)} (`{persona.name}`): {defused(persona.description)}"
            + ("" if self._catalog.is_shipped(persona.name) else " *(this server's own)*")
            + (" **← speaks here**" if persona.name == current else "")
            for persona in self._catalog.all(interaction.guild_id)
        ]
        first, *others = split("\n".join(lines))
        await interaction.response.send_message(first, ephemeral=True)
        for other in others:
            await interaction.followup.send(other, ephemeral=True)

    @app_commands.command(description="What a persona is like, and which adapter version speaks for it.")
    @app_commands.describe(name="The persona; without a name, the one that speaks here.")
    async def info(self, interaction: Interaction, name: Name | None = None) -> None:
        if name is None:
            place = place_of_interaction(interaction)
            persona = await self._channels.speaking(place.channel_id, place.parent_id, place.guild_id)
        else:
            persona = self._catalog.get(name.lower(), interaction.guild_id)
        lines = [f"{titled(persona)} (`{persona.name}`)", defused(persona.description), self._voice(persona)]
        if persona.greeting:
            lines.append(f">>> {defused(persona.greeting)}")
        await interaction.response.send_message("\n".join(lines), ephemeral=True)

    @app_commands.command(description="Make a persona of this server's own: a form opens.")
    @app_commands.describe(name="Its short name for commands: a-z, 0-9, hyphens. Otherwise made from its full name.")
    async def create(self, interaction: Interaction, name: Name | None = None) -> None:
        _managed_server(interaction)
        values = {"name": name.lower()} if name else {}
        await interaction.response.send_modal(PersonaForm("A new persona", values, self._create))

    @app_commands.command(description="Change a persona of this server's own: a form opens.")
    @app_commands.describe(name="The persona.")
    async def edit(self, interaction: Interaction, name: Name) -> None:
        persona = self._made.made(_managed_server(interaction), name.lower())
        form = PersonaForm(f"Change {persona.name}"[:45], values_of(persona), self._change)
        await interaction.response.send_modal(form)

    @app_commands.command(
        description="Delete a persona of this server's own. You get its card, should you want it back."
    )
    @app_commands.describe(name="The persona.")
    async def delete(self, interaction: Interaction, name: Name) -> None:
        persona = await self._made.delete(_managed_server(interaction), name.lower())
        sentence = f"{titled(persona)} is deleted. Where it spoke, the default persona speaks again."
        await interaction.response.send_message(sentence, file=_card_file(persona), ephemeral=True)

    @app_commands.command(
        name="import", description="Make a persona from a character card (JSON, YAML, PNG or .charx)."
    )
    @app_commands.describe(card="The card's file.", name="Its short name for commands; otherwise made from the card's.")
    async def import_card(self, interaction: Interaction, card: discord.Attachment, name: Name | None = None) -> None:
        guild_id = _managed_server(interaction)
        if card.size > MOST_BYTES:
            raise BadCard(f"That file is too large: a card may have {MOST_BYTES // 1024 // 1024} MB.")
        await interaction.response.defer(thinking=True)
        imported = await asyncio.to_thread(read_character_card, await card.read(), name.lower() if name else None)
        persona = imported.persona
        await self._made.create(guild_id, persona, interaction.user.id)
        lines = [_ready(persona)]
        lines += [f"-# {note}" for note in imported.notes]
        await interaction.followup.send("\n".join(lines))

    @app_commands.command(description="A persona as a character card, for other programs or another server.")
    @app_commands.describe(name="The persona.")
    async def export(self, interaction: Interaction, name: Name) -> None:
        guild_id = _managed_server(interaction)
        persona = self._catalog.get(name.lower(), guild_id)
        await interaction.response.send_message(
            f"The card of {titled(persona)}:", file=_card_file(persona), ephemeral=True
        )

    @app_commands.command(description="Let personas speak here under their own name and picture, or under mine.")
    @app_commands.describe(on="Under their own name and picture.")
    async def identity(self, interaction: Interaction, on: bool) -> None:
        home = home_of(interaction.channel)
        if interaction.guild_id is None or home is None:
            raise MemberError("That works in a server's channels only.")
        if not interaction.permissions.manage_webhooks:
            raise NotAllowed("Choosing under whose name personas speak needs the permission Manage Webhooks.")
        if on and not interaction.app_permissions.manage_webhooks:
            raise MemberError("I need the permission Manage Webhooks in this channel for that.")
        await self._store.set_identity(home.id, interaction.guild_id, interaction.user.id, on=on)
        whose = "their own name and picture" if on else "my name"
        await interaction.response.send_message(f"Personas speak in {home.mention} under {whose} now.")

    @switch.autocomplete("name")
    @info.autocomplete("name")
    @export.autocomplete("name")
    async def matching(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return choices(self._catalog.all(interaction.guild_id), typed)

    @edit.autocomplete("name")
    @delete.autocomplete("name")
    async def matching_made(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return choices(self._catalog.made_by(interaction.guild_id or 0), typed)

    async def _create(self, interaction: Interaction, values: Mapping[str, object]) -> None:
        guild_id = _managed_server(interaction)
        persona = persona_from({"name": slug(str(values["display_name"])), **values})
        await self._made.create(guild_id, persona, interaction.user.id)
        await interaction.response.send_message(_ready(persona))

    async def _change(self, interaction: Interaction, values: Mapping[str, object]) -> None:
        persona = persona_from(dict(values))
        await self._made.change(_managed_server(interaction), persona, interaction.user.id)
        await interaction.response.send_message(f"{titled(persona)} is changed, from its next reply on.")

    def _voice(self, persona: Persona) -> str:
        try:
            version = self._speaking(persona.name) if self._catalog.is_shipped(persona.name) else None
        except PersonaUnavailable as error:
            return str(error)
        return f"Speaks with adapter version {version.number}." if version else "Speaks from its prompt alone."


class ForgetConversation(commands.Cog):
    def __init__(self, conversations: Conversations) -> None:
        self._conversations = conversations

    @app_commands.command(description="Start afresh: I forget what was said in this channel or thread.")
    async def forget(self, interaction: Interaction) -> None:
        await self._conversations.forget(place_of_interaction(interaction).channel_id)
        await interaction.response.send_message("I have forgotten what was said here. Let's start afresh.")


def choices(personas: list[Persona], typed: str) -> list[app_commands.Choice[str]]:
    wanted = typed.strip().lower()
    found = [p for p in personas if wanted in p.name or wanted in p.display_name.lower()]
    return [app_commands.Choice(name=f"{p.display_name} ({p.name})", value=p.name) for p in found[:CHOICES]]


def titled(persona: Persona) -> str:
    return defused(f"{persona.avatar} **{persona.display_name}**")


def _ready(persona: Persona) -> str:
    return f"{titled(persona)} (`{persona.name}`) is ready: `/persona switch name:{persona.name}` lets it speak here."


def _card_file(persona: Persona) -> discord.File:
    return discord.File(io.BytesIO(write_character_card(persona)), filename=f"{persona.name}.json")


def _managed_place(interaction: Interaction) -> Place:
    """Where the command was used. Raises NotAllowed on a server without Manage Channels."""
    if interaction.guild_id is not None and not interaction.permissions.manage_channels:
        raise NotAllowed("Choosing who speaks here needs the permission Manage Channels.")
    return place_of_interaction(interaction)


def _managed_server(interaction: Interaction) -> int:
    """The server whose personas are meant. Raises NotAllowed without Manage Server."""
    if interaction.guild_id is None:
        raise MemberError("Personas of one's own belong to a server: use that command there.")
    if not interaction.permissions.manage_guild:
        raise NotAllowed("A server's own personas are made and changed with the permission Manage Server.")
    return interaction.guild_id
