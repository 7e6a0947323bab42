"""The supervisor around discord.py, with clients that fail as the real one does."""

import asyncio
import contextlib
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import discord
import pytest

from bot.discord_bot.client import FLAPS, TroupeBot
from bot.discord_bot.connection import Backoff, checked_token, run_supervised
from bot.errors import DiscordError
from tests.waiting import PATIENCE, until

TOKEN = "a.well-formed.token"


class Client:
    """What the supervisor uses of TroupeBot; each login and connection plays the next event of the script."""

    def __init__(self, logins: list[Any], connections: list[Any]) -> None:
        self.flapping = asyncio.Event()
        self.ws = None
        self.closed = False
        self._logins, self._connections = logins, connections

    async def login(self, token: str) -> None:
        await self._play(self._logins)

    async def connect(self) -> None:
        await self._play(self._connections)

    async def _play(self, script: list[Any]) -> None:
        event = script.pop(0) if script else None
        if isinstance(event, BaseException):
            raise event
        if event in ("flap", "hold", "deaf"):
            if event == "flap":
                self.flapping.set()
            with contextlib.suppress(*[asyncio.CancelledError] if event == "deaf" else []):
                await asyncio.Event().wait()
            await asyncio.Event().wait()
        if event == "close":
            await self.close()

    async def close(self) -> None:
        self.closed = True

    def is_closed(self) -> bool:
        return self.closed


class World:
    """Counts clients and waits; time stands still unless a test lets it pass."""

    def __init__(self, logins: list[Any] | None = None, connections: list[Any] | None = None) -> None:
        self.logins, self.connections = logins or [], connections or []
        self.clients: list[Client] = []
        self.delays: list[float] = []
        self.now: Callable[[], float] = lambda: 0.0

    async def run(self) -> None:
        await run_supervised(
            self.make, TOKEN, backoff=Backoff(first=1.0, longest=8.0), sleep=self._sleep, clock=lambda: self.now()
        )

    def make(self) -> TroupeBot:
        self.clients.append(Client(self.logins, self.connections))
        return cast(TroupeBot, self.clients[-1])

    async def _sleep(self, seconds: float) -> None:
        self.delays.append(seconds)


def http_error(kind: type[discord.HTTPException], status: int) -> discord.HTTPException:
    return kind(cast(Any, SimpleNamespace(status=status, reason="")), {"code": 0, "message": "no"})


def closed(code: int) -> discord.ConnectionClosed:
    return discord.ConnectionClosed(cast(Any, SimpleNamespace(close_code=code)), shard_id=None, code=code)


async def test_a_first_connect_that_fails_is_tried_again_with_growing_waits() -> None:
    failures = [aiohttp.ClientError(), OSError(), http_error(discord.DiscordServerError, 503), TimeoutError()]
    world = World(logins=failures, connections=["close"])
    await world.run()
    assert len(world.clients) == 5, "each try to log in has a client of its own"
    assert all(client.closed for client in world.clients)
    for delay, full in zip(world.delays, (1.0, 2.0, 4.0, 8.0), strict=True):
        assert full / 2 <= delay <= full


async def test_a_lost_connection_is_made_again_by_the_same_client() -> None:
    world = World(connections=[discord.GatewayNotFound(), KeyError("a bug in a gateway parser"), "flap", "close"])
    await world.run()
    assert len(world.clients) == 1
    assert len(world.delays) == 3


async def test_a_connection_that_held_starts_the_waits_over() -> None:
    world = World(connections=[OSError(), OSError(), OSError(), "close"])
    times = iter([0.0, 1.0, 1.0, 2.0, 2.0, 500.0, 500.0])
    world.now = lambda: next(times)
    await world.run()
    assert world.delays[1] >= 1.0
    assert world.delays[2] <= 1.0


async def test_closing_on_purpose_ends_the_supervision() -> None:
    world = World(connections=["close"])
    await world.run()
    assert world.delays == []


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (discord.LoginFailure("no"), "set DISCORD_TOKEN"),
        (http_error(discord.Forbidden, 403), "refused the start"),
    ],
)
async def test_a_refused_login_is_final_and_names_the_remedy(failure: Exception, sentence: str) -> None:
    world = World(logins=[failure])
    with pytest.raises(DiscordError, match=sentence) as caught:
        await world.run()
    assert TOKEN not in str(caught.value)
    assert all(client.closed for client in world.clients)


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (closed(4004), "set DISCORD_TOKEN"),
        (closed(4013), "intent"),
        (discord.PrivilegedIntentsRequired(None), "Privileged Gateway Intents"),
    ],
)
async def test_a_refused_connection_is_final_and_names_the_remedy(failure: Exception, sentence: str) -> None:
    world = World(connections=[failure])
    with pytest.raises(DiscordError, match=sentence):
        await world.run()
    assert world.clients[0].closed


async def test_a_bug_before_the_first_connection_is_not_retried() -> None:
    world = World(logins=[ZeroDivisionError()])
    with pytest.raises(ZeroDivisionError):
        await world.run()
    assert world.delays == []


@pytest.mark.parametrize("connection", ["hold", "deaf"])
async def test_cancelling_closes_the_client_even_when_a_cancellation_is_swallowed(connection: str) -> None:
    world = World(connections=[connection])
    task = asyncio.create_task(world.run())
    await until(lambda: world.clients and not world.connections)  # it is connecting
    task.cancel()
    await asyncio.wait({task}, timeout=PATIENCE)
    assert task.cancelled()
    assert world.clients[0].closed


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("Bot abc.def.ghi", "starts with “Bot ”"),
        ('"abc.def.ghi"', "quotation marks"),
        ("abc def.ghi", "blanks"),
        ("abc\ndef", "blanks"),
        ("tökén", "no token has"),
    ],
)
def test_what_cannot_be_a_token_is_refused_with_a_sentence(token: str, sentence: str) -> None:
    with pytest.raises(DiscordError, match=sentence) as caught:
        checked_token(token)
    assert "abc" not in str(caught.value)


def test_blanks_around_a_token_are_forgiven() -> None:
    assert checked_token(" abc.def.ghi\n") == "abc.def.ghi"


async def test_a_secret_in_place_of_the_token_is_guessed() -> None:
    async def login_fails() -> None:
        world = World(logins=[discord.LoginFailure("no")])
        await run_supervised(world.make, "0123456789abcdef0123456789abcdef")

    with pytest.raises(DiscordError, match="does not look like a bot token"):
        await login_fails()


async def test_losing_the_connection_in_quick_succession_is_a_loop(make_bot: Any) -> None:
    bot = make_bot()
    for _ in range(FLAPS - 1):
        await bot.on_disconnect()
    assert not bot.flapping.is_set()
    await bot.on_disconnect()
    assert bot.flapping.is_set()
