"""What every interaction meets: the client it came to, whether its member may use the bot, and who handles a press."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Concatenate, Generic, ParamSpec

import discord
from discord.ext import commands

from bot.discord_bot.access import AccessCheck
from bot.errors import MemberError

Interaction = discord.Interaction[Any]
Ids = ParamSpec("Ids")
Handler = Callable[Concatenate[Interaction, Ids], Awaitable[None]]

PRESS = re.compile(r"troupe:(?P<word>[a-z]+(?:[:-][a-z]+)*)(?P<ids>(?::[0-9]{1,19})*)")


class UnknownPress(MemberError):
    def __init__(self) -> None:
        super().__init__("unknown-press")


@dataclass(frozen=True)
class Action(Generic[Ids]):
    """What pressing a control asks for. `Ids`: what its handler takes beside the interaction, all of them int."""

    word: str

    def custom_id(self, *ids: Ids.args, **_: Ids.kwargs) -> str:
        """The action and what it is about, so that a press can be understood after a restart: `troupe:keep:18:17`."""
        return ":".join(("troupe", self.word, *map(str, ids)))

    # Not an argument of PressHandlers.add beside the action: mypy does not compare two unbound parameter lists.
    def calls(self, handler: Handler[Ids]) -> "Route":
        """What a press of it does. A handler of another shape is a type error."""
        return Route(self.word, handler)


@dataclass(frozen=True)
class Route:
    word: str
    handler: Callable[..., Awaitable[None]]


class PressHandlers:
    """Who handles which action. Cogs add their methods when they are loaded."""

    def __init__(self) -> None:
        self._handlers: dict[str, Callable[..., Awaitable[None]]] = {}

    def add(self, *routes: Route) -> None:
        self._handlers.update({route.word: route.handler for route in routes})

    def handles(self, action: Action[Any]) -> bool:
        return action.word in self._handlers

    async def handle(self, interaction: Interaction, custom_id: str) -> None:
        """Do what the pressed control asks for. Raises UnknownPress, and what the handler raises."""
        press = PRESS.fullmatch(custom_id)
        handler = self._handlers.get(press["word"]) if press else None
        if press is None or handler is None:
            raise UnknownPress
        await handler(interaction, *map(int, press["ids"].split(":")[1:]))


class InteractiveBot(commands.Bot):
    """The client as interactions see it."""

    access_check: AccessCheck
    press_handlers: PressHandlers


def client_of(interaction: Interaction) -> InteractiveBot:
    client = interaction.client
    assert isinstance(client, InteractiveBot)
    return client
