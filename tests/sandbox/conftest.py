"""A running sandbox and the small bot connected to it over real HTTP and WebSocket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import discord
import pytest

from bot.sandbox import SandboxServer, point_discord_at
from tests.sandbox.small_bot import SmallBot
from tests.waiting import PATIENCE


@pytest.fixture
def discord_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a test points discord.py at, the next test starts from Discord's own addresses."""
    monkeypatch.setattr(discord.http.Route, "BASE", discord.http.Route.BASE)
    socket = discord.gateway.DiscordWebSocket
    monkeypatch.setattr(socket, "DEFAULT_GATEWAY", socket.DEFAULT_GATEWAY)
    monkeypatch.setattr(socket, "gateway", None, raising=False)


@pytest.fixture
def answer_seconds() -> float:
    """How long the bot may take over its first answer: Discord's three are too few on a machine that does much else."""
    return PATIENCE


@pytest.fixture
async def server(discord_addresses: None, answer_seconds: float) -> AsyncIterator[SandboxServer]:
    server = SandboxServer("127.0.0.1", 0, answer_seconds=answer_seconds)
    await server.start()
    point_discord_at(server.api, server.gateway)
    yield server
    await server.stop()


@asynccontextmanager
async def connected(server: SandboxServer, bot: SmallBot) -> AsyncIterator[SmallBot]:
    async with bot:
        running = asyncio.create_task(bot.start(server.token))
        ready = asyncio.create_task(bot.wait_heard("ready"))
        await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            ready.cancel()
            await running
        yield bot
        await bot.close()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def bot(server: SandboxServer) -> AsyncIterator[SmallBot]:
    async with connected(server, SmallBot()) as bot:
        yield bot
