"""/persona and /forget: who speaks in a channel and how, the server's own personas, what is remembered."""

import asyncio
import io
from collections.abc import Mapping

import discord
from discord import app_commands
from discord.ext import commands

from bot.conversation.core import Core
from bot.conversation.history import Conversations
from bot.discord_bot.addressing import Place, place_of_interaction
from bot.discord_bot.controls.persona_choice import PersonaName, persona_choices
from bot.discord_bot.controls.persona_forms import PersonaForm, values_of
from bot.discord_bot.interactions import Interaction
from bot.discord_bot.localization import described
from bot.discord_bot.replying.defusing import defused
from bot.discord_bot.replying.headers import titled
from bot.discord_bot.replying.splitting import split
from bot.discord_bot.replying.webhooks import home_of
from bot.discord_bot.responding import acknowledge, open_form, respond, show
from bot.errors import MemberError, NotAllowed, PersonaUnavailable
from bot.personas.catalog import Persona
from bot.personas.character_cards import MOST_BYTES, BadCard, read_character_card, slug, write_character_card
from bot.personas.server_personas import ServerPersonas, persona_from
from bot.wording import announce, say


class Personas(
    commands.GroupCog,
    group_name="persona",
    group_description=described("command-persona.description"),
    group_auto_locale_strings=True,
):
    def __init__(self, bot: commands.Bot, core: Core, made: ServerPersonas) -> None:
        self._bot = bot
        self._channels = core.channels
        self._catalog = core.catalog
        self._active_versions = core.active_versions
        self._registry = core.registry
        self._store = core.store
        self._made = made

    @app_commands.command(description=described("command-persona-switch.description"))
    @app_commands.describe(
        name=described("command-persona-switch.option-name"),
        auto_reply=described("command-persona-switch.option-auto_reply"),
    )
    async def switch(self, interaction: Interaction, name: PersonaName, auto_reply: bool = False) -> None:
        place = _managed_place(interaction)
        if auto_reply and not self._bot.intents.message_content:
            raise MemberError("persona-needs-intent")
        self._catalog.get(name.lower(), place.guild_id)  # an unknown name is told before anything is shown
        await acknowledge(interaction)
        persona = await self._channels.switch(
            place.channel_id, place.guild_id, name.lower(), interaction.user.id, auto_reply=auto_reply
        )
        lines = [announce("persona-switched", persona=titled(persona)), defused(persona.welcome())]
        if auto_reply:
            lines.append(f"-# {announce('persona-answers-all')}")
        await show(interaction, "\n".join(line for line in lines if line))

    @app_commands.command(description=described("command-persona-reset.description"))
    async def reset(self, interaction: Interaction) -> None:
        place = _managed_place(interaction)
        await acknowledge(interaction)
        await self._channels.reset(place.channel_id)
        persona = await self._channels.speaking(place.channel_id, place.parent_id, place.guild_id)
        await show(interaction, announce("persona-reset", persona=titled(persona)))

    @app_commands.command(name="list", description=described("command-persona-list.description"))
    async def list_personas(self, interaction: Interaction) -> None:
        await acknowledge(interaction, ephemeral=True)
        place = place_of_interaction(interaction)
        current = await self._channels.chosen(place.channel_id, place.parent_id) or self._channels.default
        lines = [
            f"{titled(persona)} (`{persona.name}`): {defused(persona.description)}"
            + ("" if self._catalog.is_shipped(persona.name) else f" *{say('persona-listed-own')}*")
            + (f" **{say('persona-listed-current')}**" if persona.name == current else "")
            for persona in self._catalog.all(interaction.guild_id)
        ]
        for part in split("\n".join(lines)):
            await show(interaction, part, ephemeral=True)

    @app_commands.command(description=described("command-persona-info.description"))
    @app_commands.describe(name=described("command-persona-info.option-name"))
    async def info(self, interaction: Interaction, name: PersonaName | None = None) -> None:
        await acknowledge(interaction, ephemeral=True)
        if name is None:
            place = place_of_interaction(interaction)
            persona = await self._channels.speaking(place.channel_id, place.parent_id, place.guild_id)
        else:
            persona = self._catalog.get(name.lower(), interaction.guild_id)
        lines = [f"{titled(persona)} (`{persona.name}`)", defused(persona.description), self._voice(persona)]
        if persona.greeting:
            lines.append(f">>> {defused(persona.greeting)}")
        await show(interaction, "\n".join(lines), ephemeral=True)

    @app_commands.command(description=described("command-persona-create.description"))
    @app_commands.describe(name=described("command-persona-create.option-name"))
    async def create(self, interaction: Interaction, name: PersonaName | None = None) -> None:
        _managed_server(interaction)
        values = {"name": name.lower()} if name else {}
        await open_form(interaction, PersonaForm(say("persona-form-create"), values, self._create))

    @app_commands.command(description=described("command-persona-edit.description"))
    @app_commands.describe(name=described("command-persona-edit.option-name"))
    async def edit(self, interaction: Interaction, name: PersonaName) -> None:
        persona = self._made.made(_managed_server(interaction), name.lower())
        form = PersonaForm(say("persona-form-edit", name=persona.name)[:45], values_of(persona), self._change)
        await open_form(interaction, form)

    @app_commands.command(description=described("command-persona-delete.description"))
    @app_commands.describe(name=described("command-persona-delete.option-name"))
    async def delete(self, interaction: Interaction, name: PersonaName) -> None:
        guild_id = _managed_server(interaction)
        await acknowledge(interaction, ephemeral=True)
        persona = await self._made.delete(guild_id, name.lower())
        sentence = say("persona-deleted", persona=titled(persona))
        await show(interaction, sentence, file=_card_file(persona), ephemeral=True)

    @app_commands.command(name="import", description=described("command-persona-import.description"))
    @app_commands.describe(
        card=described("command-persona-import.option-card"), name=described("command-persona-import.option-name")
    )
    async def import_card(
        self, interaction: Interaction, card: discord.Attachment, name: PersonaName | None = None
    ) -> None:
        guild_id = _managed_server(interaction)
        if card.size > MOST_BYTES:
            raise BadCard("card-too-large", megabytes=MOST_BYTES // 1024 // 1024)
        await acknowledge(interaction)
        imported = await asyncio.to_thread(read_character_card, await card.read(), name.lower() if name else None)
        persona = imported.persona
        await self._made.create(guild_id, persona, interaction.user.id)
        lines = [_ready(persona)]
        lines += [f"-# {note}" for note in imported.notes]
        await show(interaction, "\n".join(lines))

    @app_commands.command(description=described("command-persona-export.description"))
    @app_commands.describe(name=described("command-persona-export.option-name"))
    async def export(self, interaction: Interaction, name: PersonaName) -> None:
        guild_id = _managed_server(interaction)
        persona = self._catalog.get(name.lower(), guild_id)
        sentence = say("persona-card", persona=titled(persona))
        await respond(interaction, sentence, file=_card_file(persona), ephemeral=True)

    @app_commands.command(description=described("command-persona-identity.description"))
    @app_commands.describe(on=described("command-persona-identity.option-on"))
    async def identity(self, interaction: Interaction, on: bool) -> None:
        home = home_of(interaction.channel)
        if interaction.guild_id is None or home is None:
            raise MemberError("server-channel-only")
        if not interaction.permissions.manage_webhooks:
            raise NotAllowed("persona-needs-manage-webhooks")
        if on and not interaction.app_permissions.manage_webhooks:
            raise MemberError("persona-i-need-manage-webhooks")
        await acknowledge(interaction)
        await self._store.set_identity(home.id, interaction.guild_id, interaction.user.id, on=on)
        sentence = announce("persona-identity-on" if on else "persona-identity-off", channel=home.mention)
        await show(interaction, sentence)

    @switch.autocomplete("name")
    @info.autocomplete("name")
    @export.autocomplete("name")
    async def matching(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return persona_choices(self._catalog.all(interaction.guild_id), typed)

    @edit.autocomplete("name")
    @delete.autocomplete("name")
    async def matching_made(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return persona_choices(self._catalog.made_by(interaction.guild_id or 0), typed)

    async def _create(self, interaction: Interaction, values: Mapping[str, object]) -> None:
        guild_id = _managed_server(interaction)
        persona = persona_from({"name": slug(str(values["display_name"])), **values})
        await acknowledge(interaction)
        await self._made.create(guild_id, persona, interaction.user.id)
        await show(interaction, _ready(persona))

    async def _change(self, interaction: Interaction, values: Mapping[str, object]) -> None:
        guild_id, persona = _managed_server(interaction), persona_from(dict(values))
        await acknowledge(interaction)
        await self._made.change(guild_id, persona, interaction.user.id)
        await show(interaction, announce("persona-changed", persona=titled(persona)))

    def _voice(self, persona: Persona) -> str:
        try:
            version = self._active_versions.speaking(persona.name) if self._catalog.is_shipped(persona.name) else None
        except PersonaUnavailable as error:
            return error.said()
        if version is None:
            elsewhere = self._catalog.is_shipped(persona.name) and self._registry.active_elsewhere(persona.name)
            return say("versions-from-card" if elsewhere else "persona-voice-prompt")
        return say("persona-voice-version", number=str(version.number))


class ForgetConversation(commands.Cog):
    def __init__(self, conversations: Conversations) -> None:
        self._conversations = conversations

    @app_commands.command(description=described("command-forget.description"))
    async def forget(self, interaction: Interaction) -> None:
        if interaction.guild_id is not None and not interaction.permissions.manage_messages:
            raise NotAllowed("forget-needs-permission")
        await acknowledge(interaction)
        await self._conversations.forget(place_of_interaction(interaction).channel_id)
        await show(interaction, announce("forgotten"))


def _ready(persona: Persona) -> str:
    return announce("persona-ready", persona=titled(persona), name=persona.name)


def _card_file(persona: Persona) -> discord.File:
    return discord.File(io.BytesIO(write_character_card(persona)), filename=f"{persona.name}.json")


def _managed_place(interaction: Interaction) -> Place:
    """Where the command was used. Raises NotAllowed on a server without Manage Channels."""
    if interaction.guild_id is not None and not interaction.permissions.manage_channels:
        raise NotAllowed("persona-needs-manage-channels")
    return place_of_interaction(interaction)


def _managed_server(interaction: Interaction) -> int:
    """The server whose personas are meant. Raises NotAllowed without Manage Server."""
    if interaction.guild_id is None:
        raise MemberError("persona-needs-server")
    if not interaction.permissions.manage_guild:
        raise NotAllowed("persona-needs-manage-server")
    return interaction.guild_id
