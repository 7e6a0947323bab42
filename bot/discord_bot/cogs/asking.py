"""/chat and /ask: talking to the channel's persona, or once to another one, by slash command."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.conversation.core import Core
from bot.conversation.replies import Ask
from bot.discord_bot.addressing import Place, place_of, place_of_interaction
from bot.discord_bot.controls.persona_choice import PersonaName, persona_choices
from bot.discord_bot.interactions import Interaction
from bot.discord_bot.localization import described
from bot.discord_bot.replying.defusing import defused
from bot.discord_bot.replying.delivery import ReplyDelivery
from bot.discord_bot.replying.destinations import InteractionDestination, PlainDestination
from bot.discord_bot.replying.headers import quoted, titled
from bot.discord_bot.responding import acknowledge, answered
from bot.errors import EmptyPrompt, MemberError
from bot.personas.catalog import Persona
from bot.prompt.names import visible_name

THREAD_NAME = 80  # characters; Discord takes 100
Text = app_commands.Range[str, 1, 2000]


class Asking(commands.Cog):
    def __init__(self, core: Core, delivery: ReplyDelivery) -> None:
        self._replies = core.replies
        self._channels = core.channels
        self._catalog = core.catalog
        self._delivery = delivery

    @app_commands.command(description=described("command-chat.description"))
    @app_commands.describe(
        message=described("command-chat.option-message"), thread=described("command-chat.option-thread")
    )
    async def chat(self, interaction: Interaction, message: Text, thread: bool = False) -> None:
        home = _home_of_threads(interaction) if thread else None
        place = await self._admitted(interaction, message)
        persona = await self._channels.speaking(place.channel_id, place.parent_id, place.guild_id)
        if home is None:
            await self._answer(interaction, place, persona, message)
        else:
            await self._open_thread(interaction, home, persona, message)

    @app_commands.command(description=described("command-ask.description"))
    @app_commands.describe(
        persona=described("command-ask.option-persona"), message=described("command-ask.option-message")
    )
    async def ask(self, interaction: Interaction, persona: PersonaName, message: Text) -> None:
        asked = self._catalog.get(persona.lower(), interaction.guild_id)
        place = await self._admitted(interaction, message)
        await self._answer(interaction, place, asked, message, f"{titled(asked)}\n")

    @ask.autocomplete("persona")
    async def matching(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return persona_choices(self._catalog.all(interaction.guild_id), typed)

    async def _admitted(self, interaction: Interaction, text: str) -> Place:
        """Take the question on; where it is asked. Raises EmptyPrompt and what admission raises."""
        if not text.strip():
            raise EmptyPrompt
        place = place_of_interaction(interaction)
        self._delivery.admit(interaction.user.id, place.guild_id)
        await acknowledge(interaction)
        return place

    async def _open_thread(
        self, interaction: Interaction, home: discord.TextChannel, persona: Persona, text: str
    ) -> None:
        """Let the question stand in the channel, and answer it in a thread below. There the bot hears everything."""
        answered(interaction)
        asked = await interaction.edit_original_response(content=quoted(text))
        thread = await home.get_partial_message(asked.id).create_thread(name=_thread_name(text, persona))
        ask = _ask(interaction, place_of(thread, home.guild.id), persona, text)
        await self._delivery.speak(PlainDestination(thread), lambda: self._replies.begin(ask))

    async def _answer(
        self, interaction: Interaction, place: Place, persona: Persona, text: str, title: str = ""
    ) -> None:
        ask = _ask(interaction, place, persona, text)
        header = f"{quoted(text)}\n{title}"
        await self._delivery.speak(InteractionDestination(interaction), lambda: self._replies.begin(ask), header=header)


def _home_of_threads(interaction: Interaction) -> discord.TextChannel:
    """The channel, if a thread can be opened there. Raises MemberError."""
    channel = interaction.channel
    if not isinstance(channel, discord.TextChannel):
        raise MemberError("thread-not-here")
    allowed = channel.permissions_for(channel.guild.me)
    if not (allowed.create_public_threads and allowed.send_messages_in_threads):
        raise MemberError("thread-needs-permissions")
    return channel


def _thread_name(text: str, persona: Persona) -> str:
    return defused(visible_name(text)[:THREAD_NAME]).strip() or persona.display_name


def _ask(interaction: Interaction, place: Place, persona: Persona, text: str) -> Ask:
    return Ask(
        channel_id=place.channel_id,
        guild_id=place.guild_id,
        author_id=interaction.user.id,
        author_name=interaction.user.display_name,
        text=text.strip(),
        persona=persona,
        parent_channel_id=place.parent_id,
    )
