"""The stage of the wire tests. Every request made on it is checked against Discord's API document."""

import logging
from collections.abc import AsyncIterator, Iterator

import pytest

from bot.sandbox import SandboxServer, point_discord_at
from bot.sandbox.world import World
from bot.store import Store
from tests.discord_bot import conftest as cogs
from tests.discord_bot.conftest import *  # noqa: F403 (make_bot and every fixture it is made of)
from tests.fakes import ScriptedEngine
from tests.sandbox import conftest as sandbox
from tests.sandbox.contract import DOCUMENT, assert_requests_valid
from tests.wire.proxy import Proxy
from tests.wire.stage import Stage, staged

discord_addresses, answer_seconds = sandbox.discord_addresses, sandbox.answer_seconds


@pytest.fixture
def locale() -> str:
    """The language of the server and of everybody on it."""
    return "en-US"


@pytest.fixture
async def server(discord_addresses: None, answer_seconds: float, locale: str) -> AsyncIterator[SandboxServer]:
    server = SandboxServer("127.0.0.1", 0, answer_seconds=answer_seconds, world=World(locale=locale))
    await server.start()
    point_discord_at(server.api, server.gateway)
    yield server
    await server.stop()
    if DOCUMENT.is_file():
        assert_requests_valid(server.requests)


@pytest.fixture
async def proxy(server: SandboxServer) -> AsyncIterator[Proxy]:
    """The bot talks to it instead of the sandbox. Name it before `stage`."""
    async with Proxy(server.api, server.gateway) as proxy:
        point_discord_at(proxy.api, proxy.gateway)
        yield proxy


@pytest.fixture
def no_crash(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever happens on the line, nothing ends in a traceback."""
    yield
    logged = [record for when in ("setup", "call") for record in caplog.get_records(when)]
    broken = [record.getMessage() for record in logged if record.exc_info and record.levelno >= logging.ERROR]
    assert not [message for message in broken if not message.startswith("Attempting a reconnect")]


@pytest.fixture
def empty_stage(
    server: SandboxServer,
    engine: ScriptedEngine,
    store: Store,
    make_bot: cogs.MakeBot,
) -> Stage:
    return Stage(server, engine, store, make_bot)


@pytest.fixture
async def stage(empty_stage: Stage, no_crash: None) -> AsyncIterator[Stage]:
    async with staged(empty_stage):
        yield empty_stage
