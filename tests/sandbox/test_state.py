"""The state file: conversations outlive the sandbox when they are meant to, and only then."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest

from bot.errors import ConfigError
from bot.sandbox import SandboxServer, point_discord_at
from tests.sandbox.conftest import connected
from tests.sandbox.member import CARD, Member
from tests.sandbox.small_bot import SmallBot, Thumbs

Story = Callable[[SandboxServer], Awaitable[Any]]


async def on_server(story: Story, state: Path | None) -> Any:
    server = SandboxServer("127.0.0.1", 0, state=state)
    await server.start()
    point_discord_at(server.api, server.gateway)
    try:
        return await story(server)
    finally:
        await server.stop()


async def a_conversation(server: SandboxServer) -> None:
    mika = Member(server)
    async with connected(server, SmallBot()) as bot:
        await mika.ask("hello")
        sent = await bot.wait_heard("answered")
        await mika.react(message=sent.id, emoji="👍")
        await mika.slash(command="secret", options={})
        await mika.thread(name="aside", message=sent.id)
        await mika.say(channel=sent.id, content="in the thread")
        await mika.say(content="a file", files=[CARD])
        channel = bot.get_channel(mika.channel)
        assert isinstance(channel, discord.TextChannel)
        webhook = await channel.create_webhook(name="Troupe")
        await webhook.send("Arr!", username="Captain", view=Thumbs())


async def test_a_conversation_outlives_the_sandbox(discord_addresses: None, tmp_path: Path) -> None:
    async def before(server: SandboxServer) -> list[dict[str, Any]]:
        await a_conversation(server)
        return Member(server).sees

    async def after(server: SandboxServer) -> list[dict[str, Any]]:
        mika = Member(server)
        found = mika.sees
        answer, captain = found[1], found[-1]
        assert server.messages(int(answer["id"]))[0]["content"] == "in the thread"
        async with aiohttp.ClientSession() as session, session.get(found[-2]["attachments"][0]["url"]) as response:
            assert await response.read() == b'{"name": "Pip"}'
        async with connected(server, SmallBot()) as bot:
            await mika.click(message=answer["id"], custom_id="up")
            await mika.click(message=captain["id"], custom_id="up")
            channel = bot.get_channel(mika.channel)
            assert isinstance(channel, discord.TextChannel)
            [webhook] = await channel.webhooks()
            await webhook.send("Arr again!", username="Captain")
        return found

    said = await on_server(before, tmp_path / "kept" / "sandbox.json")
    found = await on_server(after, tmp_path / "kept" / "sandbox.json")

    kept = [message for message in said if not message["visible_to"]]
    assert [(m["id"], m["author"], m["content"], m["reactions"], m["components"]) for m in found] == [
        (m["id"], m["author"], m["content"], m["reactions"], m["components"]) for m in kept
    ]


async def test_without_a_state_file_every_start_is_a_fresh_one(discord_addresses: None) -> None:
    async def sees(server: SandboxServer) -> list[dict[str, Any]]:
        found = Member(server).sees
        await Member(server).say(content="hello")
        return found

    assert await on_server(sees, None) == []
    assert await on_server(sees, None) == []


async def test_where_nothing_was_said_only_the_address_is_kept(discord_addresses: None, tmp_path: Path) -> None:
    async def nothing(_server: SandboxServer) -> None:
        pass

    await on_server(nothing, tmp_path / "sandbox.json")

    kept = json.loads((tmp_path / "sandbox.json").read_text())
    assert [name for name, value in kept.items() if value] == ["version", "secret"]


@pytest.mark.parametrize("text", ["", "{", '{"version": 2}', '{"messages": [{"id": "x"}]}'])
async def test_a_file_that_is_no_state_is_named_and_left_alone(
    discord_addresses: None, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "sandbox.json"
    path.write_text(text)
    server = SandboxServer("127.0.0.1", 0, state=path)

    with pytest.raises(ConfigError, match=r"sandbox\.state = .*name another file or delete it"):
        await server.start()

    assert path.read_text() == text


async def test_privileged_intents_can_be_switched_off(discord_addresses: None) -> None:
    server = SandboxServer("127.0.0.1", 0, message_content=False)
    await server.start()
    point_discord_at(server.api, server.gateway)
    intents = discord.Intents.default()
    intents.message_content = True
    try:
        async with SmallBot(intents) as bot:
            with pytest.raises(discord.PrivilegedIntentsRequired):
                await bot.start(server.token)
        async with connected(server, SmallBot()) as bot:
            assert not bot.application_flags.gateway_message_content_limited
    finally:
        await server.stop()


async def test_the_address_of_the_page_outlives_the_sandbox_with_its_state(
    discord_addresses: None, tmp_path: Path
) -> None:
    async def key(server: SandboxServer) -> str:
        return server.url.split("#")[1]

    first = await on_server(key, tmp_path / "sandbox.json")

    assert await on_server(key, tmp_path / "sandbox.json") == first
    assert await on_server(key, None) != first
