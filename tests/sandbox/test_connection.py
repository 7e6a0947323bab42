"""Bad days on the line: what the sandbox's faults do to a discord.py bot, and how discord.py recovers."""

import asyncio

import aiohttp
import discord
import pytest

from bot.sandbox import SandboxServer
from tests.sandbox.conftest import connected
from tests.sandbox.small_bot import SmallBot
from tests.waiting import until


async def say(server: SandboxServer, text: str) -> None:
    tavern = server.demo_channels["tavern"]
    await server.control.say(member=server.members["mika"], channel=tavern, content=f"<@{server.bot_id}> {text}")


async def heard_text(bot: SmallBot) -> str:
    message = await bot.wait_heard("message")
    return str(message.content).split("> ", 1)[1]


def waits_cut_short(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let every wait last no longer than a moment; the seconds that were asked for are listed."""
    asked: list[float] = []
    real_sleep = asyncio.sleep

    async def sleep(seconds: float) -> None:
        asked.append(seconds)
        await real_sleep(min(seconds, 0.05))

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return asked


@pytest.mark.parametrize("code", [4000, None])
async def test_a_dropped_connection_resumes_without_missing_anything(
    server: SandboxServer, bot: SmallBot, code: int | None
) -> None:
    await server.bot_gateway.drop(code)
    await say(server, "while you were away")

    assert await heard_text(bot) == "while you were away"
    await bot.wait_heard("resumed")
    assert bot.count("ready") == 0  # resumed, not started over
    assert bot.count("message") == 0  # and nothing twice


async def test_a_request_to_reconnect_is_followed_by_resuming(server: SandboxServer, bot: SmallBot) -> None:
    server.bot_gateway.ask_to_reconnect()

    await bot.wait_heard("resumed")
    await say(server, "welcome back")
    assert await heard_text(bot) == "welcome back"


async def test_an_invalid_session_makes_the_bot_identify_again(
    server: SandboxServer, bot: SmallBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits_cut_short(monkeypatch)  # discord.py waits five seconds before it identifies again; the test need not

    server.bot_gateway.invalidate_sessions()

    await bot.wait_heard("ready")
    await say(server, "a fresh start")
    assert await heard_text(bot) == "a fresh start"


async def test_the_page_is_told_how_the_bot_is(server: SandboxServer) -> None:
    states = [server.bot_gateway.bot_state]
    server.bot_gateway.on_state_change(lambda: states.append(server.bot_gateway.bot_state))

    async with connected(server, SmallBot()) as bot:
        await server.bot_gateway.drop(4000)
        await bot.wait_heard("resumed")
    # discord.py leaves with 4000 even when it is closed
    await until(lambda: server.bot_gateway.bot_state == "reconnecting")

    assert [state for state, before in zip(states, [None, *states], strict=False) if state != before] == [
        "starting",
        "online",
        "reconnecting",
        "online",
        "reconnecting",
    ]
    assert server.bot_gateway.status_text == "@mention me"


@pytest.mark.parametrize("everywhere", [False, True])
async def test_discord_py_waits_out_a_rate_limit(
    server: SandboxServer, bot: SmallBot, everywhere: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = bot.get_channel(server.demo_channels["lounge"])
    assert isinstance(channel, discord.TextChannel)
    server.faults.rate_limit("POST", "/channels/*/messages", retry_after=40.5, everywhere=everywhere)
    waits = waits_cut_short(monkeypatch)

    await channel.send("patience")

    assert 40.5 in waits
    assert [r.status for r in server.requests if r.path.endswith("/messages")] == [429, 200]


async def test_the_ordinary_limits_are_announced_so_that_the_bot_never_meets_them(
    server: SandboxServer, bot: SmallBot
) -> None:
    channel = bot.get_channel(server.demo_channels["lounge"])
    assert isinstance(channel, discord.TextChannel)
    message = await channel.send("react to this")

    for emoji in "🍎🍐🍊🍋":  # one in a quarter of a second is allowed
        await message.add_reaction(emoji)

    assert [r.status for r in server.requests if r.method == "PUT" and "/reactions/" in r.path] == [204] * 4


async def test_server_errors_and_slow_answers_are_ridden_out(server: SandboxServer, bot: SmallBot) -> None:
    channel = bot.get_channel(server.demo_channels["lounge"])
    assert isinstance(channel, discord.TextChannel)
    server.faults.fail("POST", "/channels/*/messages", status=502)
    server.faults.slow("POST", "/channels/*/messages", seconds=0.2)

    await channel.send("at last")

    assert [m["content"] for m in server.messages(channel.id)] == ["at last"]


async def test_events_can_come_twice_or_in_the_wrong_order(server: SandboxServer, bot: SmallBot) -> None:
    pip, tavern = server.members["pip"], server.demo_channels["tavern"]
    server.faults.double("MESSAGE_CREATE")
    said = await server.control.say(member=pip, channel=tavern, content="hello?")
    assert [(await bot.wait_heard("message")).id for _ in range(2)] == [int(said["id"])] * 2

    server.faults.hold("MESSAGE_REACTION_*")
    for on in (True, False):
        await server.control.react(member=pip, channel=tavern, message=said["id"], emoji="👍", on=on)
    server.bot_gateway.release_held(newest_first=True)

    await bot.wait_heard("reaction_remove")
    await bot.wait_heard("reaction_add")


async def test_a_wrong_token_is_a_login_failure(server: SandboxServer) -> None:
    async with SmallBot() as bot:
        with pytest.raises(discord.LoginFailure):
            await bot.start("not-the-token")


async def test_the_gateway_closes_4004_on_a_wrong_token(server: SandboxServer) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(server.gateway) as socket:
        assert (await socket.receive_json())["op"] == 10
        await socket.send_json({"op": 2, "d": {"token": "wrong", "intents": 0}})
        assert (await socket.receive()).data == 4004


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ('{"op": 3, "d": {}}', 4003),
        ('{"op": 77}', 4001),
        ("not json", 4002),
        ("[]", 4002),
        ('{"op": 2, "d": null}', 4002),
    ],
)
async def test_the_gateway_closes_on_frames_it_cannot_follow(server: SandboxServer, frame: str, code: int) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(server.gateway) as socket:
        await socket.receive_json()
        await socket.send_str(frame)
        assert (await socket.receive()).data == code


async def opened_session(server: SandboxServer, socket: aiohttp.ClientWebSocketResponse) -> str:
    await socket.receive_json()
    await socket.send_json({"op": 2, "d": {"token": server.token, "intents": 0}})
    return str((await socket.receive_json())["d"]["session_id"])


async def answer_to_resume(server: SandboxServer, session_id: str) -> dict[str, object]:
    async with aiohttp.ClientSession() as session, session.ws_connect(server.gateway) as socket:
        await socket.receive_json()
        await socket.send_json({"op": 6, "d": {"token": server.token, "session_id": session_id, "seq": 1}})
        answer: dict[str, object] = await socket.receive_json()
        return answer


async def test_a_session_whose_client_said_goodbye_cannot_be_resumed(server: SandboxServer) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(server.gateway) as socket:
        session_id = await opened_session(server, socket)
        await socket.close(code=1000)

    assert await answer_to_resume(server, session_id) == {"op": 9, "d": False}
    assert server.bot_gateway.bot_state == "starting"


async def test_a_line_that_broke_without_a_word_is_no_goodbye(server: SandboxServer) -> None:
    async with aiohttp.ClientSession() as session:
        session_id = await opened_session(server, await session.ws_connect(server.gateway))
    await until(lambda: server.bot_gateway.bot_state != "online")  # the server has noticed

    assert (await answer_to_resume(server, session_id))["t"] == "RESUMED"


async def test_privileged_intents_can_be_disallowed(server: SandboxServer) -> None:
    intents = discord.Intents.default()
    intents.message_content = True
    server.faults.disallowed_intents = True

    async with SmallBot(intents) as bot:
        with pytest.raises(discord.PrivilegedIntentsRequired):
            await bot.start(server.token)


async def test_a_refused_first_connect_ends_discord_py_and_a_second_start_succeeds(server: SandboxServer) -> None:
    server.faults.refused_connects = 1

    async with SmallBot() as bot:
        with pytest.raises(AttributeError):  # discord.py #10520: its reconnect needs a first connection
            await bot.start(server.token)
    async with connected(server, SmallBot()) as bot:
        await say(server, "you made it")

        assert await heard_text(bot) == "you made it"


async def test_members_are_chunked_on_request(server: SandboxServer) -> None:
    intents = discord.Intents.default()
    intents.members = True
    async with connected(server, SmallBot(intents)) as bot:
        guild = bot.get_guild(server.guild_id)
        assert guild
        await guild.chunk()

        assert {member.name for member in guild.members} == {"mika", "juno", "pip", "Troupe"}
        assert [member.name for member in await guild.query_members("ju")] == ["juno"]


async def test_stopping_is_quick_although_sockets_are_open(server: SandboxServer, bot: SmallBot) -> None:
    async with asyncio.timeout(30):  # seconds; aiohttp alone would wait for a minute
        await server.stop()
    assert server.bot_gateway.bot_state != "online"


async def test_a_heartbeat_is_answered_no_sooner_than_its_sender_can_note_it(server: SandboxServer) -> None:
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(server.gateway)
        await opened_session(server, socket)
        await socket.send_json({"op": 1, "d": 1})
        await socket.send_json({"op": 8, "d": {"guild_id": str(server.guild_id), "query": "", "limit": 0}})
        answers: list[int] = []
        while not answers or answers[-1] != 11:
            answers.append((await socket.receive_json())["op"])
    assert answers[-2:] == [0, 11], "the members, asked for afterwards, come first"
