"""/scene: two personas talk to each other about a topic, until it is over or somebody presses ⏹."""

import asyncio
from collections.abc import Sequence
from typing import Any

from discord import app_commands
from discord.ext import commands

from bot.conversation.context import Turn
from bot.conversation.core import Core
from bot.conversation.replies import Ask, Reply
from bot.discord_bot.addressing import Place, place_of_interaction
from bot.discord_bot.controls.persona_choice import PersonaName, persona_choices
from bot.discord_bot.interactions import Interaction
from bot.discord_bot.localization import described
from bot.discord_bot.permissions import check_may_write
from bot.discord_bot.rate_limits import TooFast
from bot.discord_bot.replying.delivery import ReplyDelivery, Spoken
from bot.discord_bot.replying.destinations import PlainDestination
from bot.discord_bot.replying.headers import quoted, titled
from bot.discord_bot.replying.webhooks import Identities
from bot.discord_bot.responding import respond
from bot.errors import EmptyPrompt, MemberError
from bot.personas.catalog import Persona
from bot.prompt import Message, Role
from bot.store import SCENE
from bot.wording import announce

TURNS = 6  # of both together, unless the member says otherwise
Line = tuple[str, str]  # a persona's name and what it said


class Scenes(commands.Cog):
    def __init__(self, core: Core, delivery: ReplyDelivery, identities: Identities) -> None:
        self._replies = core.replies
        self._catalog = core.catalog
        self._delivery = delivery
        self._identities = identities
        self._playing: set[int] = set()  # channels

    @app_commands.command(description=described("command-scene.description"))
    @app_commands.describe(
        persona_a=described("command-scene.option-persona_a"),
        persona_b=described("command-scene.option-persona_b"),
        topic=described("command-scene.option-topic"),
        turns=described("command-scene.option-turns"),
    )
    async def scene(
        self,
        interaction: Interaction,
        persona_a: PersonaName,
        persona_b: PersonaName,
        topic: app_commands.Range[str, 1, 300],
        turns: app_commands.Range[int, 2, 12] = TURNS,
    ) -> None:
        place = place_of_interaction(interaction)
        cast = [self._catalog.get(name.lower(), place.guild_id) for name in (persona_a, persona_b)]
        if cast[0].name == cast[1].name:
            raise MemberError("scene-needs-two")
        if not topic.strip():
            raise EmptyPrompt
        if place.channel_id in self._playing:
            raise MemberError("scene-already")
        self._delivery.admit(interaction.user.id, place.guild_id)
        self._playing.add(place.channel_id)
        try:
            title = announce("scene-title", first=titled(cast[0]), second=titled(cast[1]))
            await respond(interaction, f"{title}\n{quoted(topic)}")
            await self._play(interaction, place, cast, topic.strip(), turns)
        finally:
            self._playing.discard(place.channel_id)

    @scene.autocomplete("persona_a")
    @scene.autocomplete("persona_b")
    async def matching(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return persona_choices(self._catalog.all(interaction.guild_id), typed)

    async def _play(
        self, interaction: Interaction, place: Place, cast: Sequence[Persona], topic: str, turns: int
    ) -> None:
        lines: list[Line] = []
        for number in range(turns):
            if number:
                await self._pay(interaction.user.id, place.guild_id)
            speaking, listening = cast[number % 2], cast[(number + 1) % 2]
            ask = Ask(
                channel_id=place.channel_id,
                guild_id=place.guild_id,
                author_id=interaction.user.id,
                author_name=interaction.user.display_name,
                text=topic,
                persona=speaking,
                source=SCENE,
                parent_channel_id=place.parent_id,
            )
            spoken = await self._speak(interaction.channel, ask, scene_turns(lines, speaking, listening, ask))
            if spoken.stopped or spoken.reply_id is None:
                return
            lines.append((speaking.name, spoken.text))

    async def _pay(self, member_id: int, guild_id: int | None) -> None:
        """A scene costs what its answers cost: it goes on when the next one is granted."""
        while True:
            try:
                return self._delivery.admit(member_id, guild_id)
            except TooFast as error:
                await asyncio.sleep(error.seconds)

    async def _speak(self, channel: Any, ask: Ask, turns: Sequence[Turn]) -> Spoken:
        async def begin() -> Reply:
            return self._replies.begin_with(ask, turns)

        own = await self._identities.destination(channel, ask.persona)
        check_may_write(channel, through_webhook=own is not None)
        header = "" if own is not None else f"{titled(ask.persona)}\n"
        destination = own or PlainDestination(channel)
        return await self._delivery.speak(destination, begin, header=header, placeholder="…")


def scene_turns(lines: Sequence[Line], speaking: Persona, listening: Persona, ask: Ask) -> list[Turn]:
    """The scene as `speaking` reads it: its own lines are the assistant's, the topic and the other's are the user's."""
    opening = f"Talk with {listening.display_name} about this: {ask.text}"
    turns = [Turn(Message("user", opening), ask.author_id)]
    for name, text in lines:
        role: Role = "assistant" if name == speaking.name else "user"
        previous = turns[-1]
        if previous.message.role == role:
            turns[-1] = Turn(Message(role, f"{previous.message.content}\n{text}"), previous.author_id)
        else:
            turns.append(Turn(Message(role, text), None))
    return turns
