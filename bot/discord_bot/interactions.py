"""What every interaction meets: the client it came to, whether its member may use the bot, and who handles a press."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Concatenate, Generic, ParamSpec

import discord
from discord.ext import commands

from bot.discord_bot.access import AccessCheck
from bot.discord_bot.form_ids import FormIds
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
    """What pressing a control asks for. `Ids`: what its handler takes beside the interaction, all of them int.

    `open_to_all`: also members who may not use the bot may ask for it.
    """

    word: str
    open_to_all: bool = False

    def custom_id(self, *ids: Ids.args, **_: Ids.kwargs) -> str:
        """The action and what it is about, so that a press can be understood after a restart: `troupe:keep:18:17`."""
        return ":".join(("troupe", self.word, *map(str, ids)))

    # Not an argument of PressHandlers.add beside the action: mypy does not compare two unbound parameter lists.
    def calls(self, handler: Handler[Ids]) -> "Route":
        """What a press of it does. A handler of another shape is a type error."""
        return Route(self.word, handler, self.open_to_all)


@dataclass(frozen=True)
class Route:
    word: str
    handler: Callable[..., Awaitable[None]]
    open_to_all: bool


class PressHandlers:
    """Who handles which action. Cogs add their methods when they are loaded."""

    def __init__(self) -> None:
        self._routes: dict[str, Route] = {}

    def add(self, *routes: Route) -> None:
        self._routes.update({route.word: route for route in routes})

    def handles(self, action: Action[Any]) -> bool:
        return action.word in self._routes

    async def handle(self, interaction: Interaction, custom_id: str) -> None:
        """Do what the pressed control asks for. Raises UnknownPress, NotAllowed, and what the handler raises."""
        press = PRESS.fullmatch(custom_id)
        route = self._routes.get(press["word"]) if press else None
        if press is None or route is None:
            raise UnknownPress
        if not route.open_to_all:
            client_of(interaction).access_check.check(interaction)
        await route.handler(interaction, *map(int, press["ids"].split(":")[1:]))


class InteractiveBot(commands.Bot):
    """The client as interactions see it."""

    access_check: AccessCheck
    press_handlers: PressHandlers
    form_ids: FormIds


def client_of(interaction: Interaction) -> InteractiveBot:
    client = interaction.client
    assert isinstance(client, InteractiveBot)
    return client
