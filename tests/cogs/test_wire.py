"""The bot's conversations over real HTTP and WebSocket, on Discord's good days and bad ones."""

# ruff: noqa: F811 (fixtures are imported, and then named as arguments)

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from bot.client import TroupeBot
from bot.sandbox import SandboxServer
from bot.store import Store
from tests.cogs.conftest import MakeBot
from tests.fakes import ScriptedEngine
from tests.sandbox.conftest import discord_addresses, server  # noqa: F401 (fixtures)

PIECES = 40


@pytest.fixture
async def bot(server: SandboxServer, make_bot: MakeBot) -> AsyncIterator[TroupeBot]:
    bot = make_bot(edit_seconds=0.05)
    running = asyncio.create_task(bot.start(server.token))
    while not bot.is_ready():
        assert not running.done(), running.exception()
        await asyncio.sleep(0.01)
    yield bot
    await bot.close()
    await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
def say(server: SandboxServer, bot: TroupeBot) -> Callable[..., Any]:
    async def say(channel: str, text: str) -> None:
        await server.control.say(
            member=next(iter(server.members.values())),
            channel=server.demo_channels[channel],
            content=f"<@{server.bot_id}> {text}",
        )

    return say


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)


def ends(server: SandboxServer) -> list[str]:
    """The texts of the replies that have got their buttons."""
    return [r.body["content"] for r in server.requests if "troupe:again" in str(r.body) and r.status == 200]


async def recite(engine: ScriptedEngine, number: int) -> None:
    for piece in range(PIECES):
        engine.generations[number].say(f"word {piece}. ")
        await asyncio.sleep(0.05)
    engine.generations[number].end()


async def test_replies_that_grow_side_by_side_in_one_channel_never_meet_the_rate_limit(
    server: SandboxServer, bot: TroupeBot, say: Any, engine: ScriptedEngine
) -> None:
    for _ in range(2):
        engine.holds()
    channel = next(iter(server.demo_channels))
    await say(channel, "recite")
    await say(channel, "recite too")
    await until(lambda: len(engine.generations) == 2)
    await asyncio.gather(recite(engine, 0), recite(engine, 1))
    await until(lambda: len(ends(server)) == 2)
    edits = [request for request in server.requests if request.method == "PATCH"]
    assert [(r.method, r.path, r.status) for r in server.requests if r.status >= 400] == []
    assert len(edits) >= 3, "two last ones, and at least one on the way"
    assert all(end.endswith(f"word {PIECES - 1}.") for end in ends(server))


@pytest.mark.parametrize("day", ["limited", "limited everywhere", "broken", "slow", "doubled events"])
async def test_on_a_bad_day_a_reply_is_late_at_most(
    server: SandboxServer, bot: TroupeBot, say: Any, engine: ScriptedEngine, store: Store, day: str
) -> None:
    match day:
        case "limited":
            server.faults.rate_limit("*", "*/messages*", retry_after=0.3, times=3)
        case "limited everywhere":
            server.faults.rate_limit("PATCH", "*/messages/*", retry_after=0.3, everywhere=True)
        case "broken":
            server.faults.fail("*", "*/messages*", status=502, times=2)
        case "slow":
            server.faults.slow("*", "*/messages*", seconds=0.5, times=3)
        case "doubled events":
            server.faults.double("MESSAGE_CREATE", 4)
    engine.says(*(f"word {piece}. " for piece in range(PIECES)))
    channel = next(iter(server.demo_channels))
    await say(channel, "recite")
    await until(lambda: bool(ends(server)))
    sent = [r for r in server.requests if r.method == "POST" and r.path.endswith("/messages") and r.status == 200]
    assert len(sent) == 1
    assert len(engine.requests) == 1
    exchanges = await store.exchanges(server.demo_channels[channel], "plain", 9, since=0.0)
    assert [exchange.answered[-9:] for exchange in exchanges] == [f"word {PIECES - 1}. "]


@pytest.mark.parametrize("loss", ["dropped", "invalidated"])
async def test_a_reply_goes_on_while_the_connection_is_lost_and_the_next_question_is_heard(
    server: SandboxServer, bot: TroupeBot, say: Any, engine: ScriptedEngine, loss: str
) -> None:
    engine.holds()
    channel = next(iter(server.demo_channels))
    await say(channel, "recite")
    await until(lambda: bool(engine.generations))
    engine.generations[0].say("Once upon a time there was ")
    back = [asyncio.create_task(bot.wait_for(event)) for event in ("resumed", "ready")]
    if loss == "dropped":
        await server.bot_gateway.drop()
    else:
        server.bot_gateway.invalidate_sessions()
    engine.generations[0].say("a ship.")
    engine.generations[0].end()
    await until(lambda: ends(server) == ["Once upon a time there was a ship."])
    await until(lambda: any(task.done() for task in back))
    await say(channel, "and then?")
    await until(lambda: len(ends(server)) == 2)
    assert len(engine.requests) == 2
    for task in back:
        task.cancel()
    await asyncio.gather(*back, return_exceptions=True)


async def test_a_command_that_is_answered_too_late_breaks_nothing(
    server: SandboxServer, bot: TroupeBot, say: Any, engine: ScriptedEngine, caplog: pytest.LogCaptureFixture
) -> None:
    server.faults.fail("POST", "/interactions/*", status=404)
    channel = next(iter(server.demo_channels))
    member = next(iter(server.members.values()))
    where = {"member": member, "channel": server.demo_channels[channel]}
    late = asyncio.create_task(server.control.slash(**where, command="chat", options={"message": "hello"}))
    await until(lambda: any(r.path.startswith("/interactions/") for r in server.requests))
    await say(channel, "still there?")
    await until(lambda: len(ends(server)) == 1)
    assert "Traceback" not in caplog.text
    late.cancel()
    await asyncio.gather(late, return_exceptions=True)
