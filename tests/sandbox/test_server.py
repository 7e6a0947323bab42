"""The door of the sandbox: this machine only, this start's secret only."""

import asyncio
import json
import socket

import aiohttp
import pytest

from bot.errors import ConfigError, PortInUse
from bot.sandbox import SandboxServer
from bot.sandbox.world import World


def secret_of(server: SandboxServer) -> str:
    return server.url.split("#key=")[1]


def origin_of(server: SandboxServer) -> str:
    return server.url.split("/#")[0]


async def act(server: SandboxServer, verb: str, body: object, **headers: str) -> tuple[int, dict[str, object]]:
    headers = {"Authorization": f"Bearer {secret_of(server)}", **headers}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{origin_of(server)}/page/do/{verb}", data=json.dumps(body), headers=headers) as response,
    ):
        text = await response.text()
        return response.status, json.loads(text) if text.startswith("{") else {"text": text}


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "example.org", "::", ""])  # noqa: S104
async def test_hosts_beyond_this_machine_are_refused(host: str) -> None:
    with pytest.raises(ConfigError, match=r"sandbox\.host = .*; use 127\.0\.0\.1"):
        await SandboxServer(host, 0).start()


async def test_a_taken_port_is_named(server: SandboxServer) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]

        with pytest.raises(PortInUse, match=f"Port {port} on 127.0.0.1 is in use"):
            await SandboxServer("127.0.0.1", port).start()


async def test_it_can_start_again_at_once_on_the_same_port_with_another_secret(server: SandboxServer) -> None:
    port = int(server.api.split(":")[2].split("/")[0])
    await server.stop()

    again = SandboxServer("localhost", port)
    await again.start()
    try:
        assert origin_of(again) == origin_of(server)
        assert secret_of(again) != secret_of(server)
        assert again.token != server.token
    finally:
        await again.stop()


async def test_a_secret_can_be_given(discord_addresses: None) -> None:
    server = SandboxServer("127.0.0.1", 0, secret="known")
    await server.start()
    try:
        assert server.url.endswith("/#key=known")
        assert (await act(server, "commands", {"member": 1, "channel": 1}))[0] == 404  # let in; no such channel
    finally:
        await server.stop()


async def test_the_page_is_served_without_its_secret_and_with_a_strict_policy(server: SandboxServer) -> None:
    async with aiohttp.ClientSession() as session:
        for name, kind in (("", "text/html"), ("style.css", "text/css"), ("app.js", "text/javascript")):
            async with session.get(f"{origin_of(server)}/{name}") as response:
                text = await response.text()
                policy = response.headers["Content-Security-Policy"]
                assert response.content_type == kind
                assert secret_of(server) not in text
                assert server.token not in text
                assert "default-src 'none'" in policy
                assert "unsafe" not in policy
        for name in ("server.py", "../server.py", "%2e%2e/server.py", "page", "favicon.ico"):
            async with session.get(f"{origin_of(server)}/{name}") as response:
                assert response.status == 404


async def test_nothing_is_loaded_from_elsewhere_and_no_script_is_inline(server: SandboxServer) -> None:
    async with aiohttp.ClientSession() as session, session.get(origin_of(server)) as response:
        html = await response.text()

    assert "://" not in html.replace("http://www.w3.org/2000/svg", "")
    assert html.count("<script") == html.count('<script type="module" src="/')


@pytest.mark.parametrize("key", ["", "wrong", "ÿ"])
async def test_acting_needs_the_secret(server: SandboxServer, key: str) -> None:
    status, answer = await act(server, "say", {}, Authorization=f"Bearer {key}")

    assert status == 401
    assert "open the address the sandbox printed" in str(answer["error"])
    assert not server.messages(server.demo_channels["tavern"])


@pytest.mark.parametrize("protocols", [[], ["troupe"], ["troupe", "key.wrong"]])
async def test_listening_needs_the_secret(server: SandboxServer, protocols: list[str]) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await session.ws_connect(f"{origin_of(server)}/page/feed", protocols=protocols)
    assert refusal.value.status == 401


@pytest.mark.parametrize("path", ["/", "/page/do/say", "/page/feed", "/api/v10/users/@me", "/gateway"])
async def test_other_names_and_other_sites_are_turned_away(server: SandboxServer, path: str) -> None:
    method = "POST" if "do" in path else "GET"
    headers = {"Authorization": f"Bearer {secret_of(server)}"}
    port = server.api.split(":")[2].split("/")[0]
    async with aiohttp.ClientSession(headers=headers) as session:
        for extra, status in (
            ({"Host": f"evil.example:{port}"}, 421),
            ({"Host": "127.0.0.1:1"}, 421),
            ({"Origin": "http://evil.example"}, 403),
            ({"Origin": "null"}, 403),
            ({"Origin": f"https://127.0.0.1:{port}"}, 403),
        ):
            async with session.request(method, origin_of(server) + path, headers=extra) as response:
                assert response.status == status


async def test_the_feed_sends_a_snapshot_and_then_every_change(server: SandboxServer) -> None:
    tavern, mika = server.demo_channels["tavern"], server.members["mika"]
    async with (
        aiohttp.ClientSession(headers={"Origin": origin_of(server)}) as session,
        session.ws_connect(f"{origin_of(server)}/page/feed", protocols=["troupe", f"key.{secret_of(server)}"]) as feed,
    ):
        snapshot = await feed.receive_json()
        said = await server.control.say(member=mika, channel=tavern, content="hello")
        await server.control.react(member=mika, channel=tavern, message=said["id"], emoji="👍")
        await server.control.delete(member=mika, channel=tavern, message=said["id"])
        changes = [await feed.receive_json() for _ in range(3)]

        assert [member["name"] for member in snapshot["members"]] == ["Mika", "Juno", "Pip"]
        assert snapshot["bot"]["state"] == "starting"
        assert [change["type"] for change in changes] == ["message", "message", "gone"]
        assert changes[1]["message"]["reactions"] == [{"emoji": "👍", "members": [str(mika)]}]

        await asyncio.wait_for(server.stop(), 30)  # seconds; aiohttp alone would wait for a minute
        assert (await feed.receive()).data == 1001


async def test_what_a_member_cannot_do_is_said_in_a_sentence(server: SandboxServer) -> None:
    here = {"member": str(server.members["pip"]), "channel": str(server.demo_channels["tavern"])}

    for verb, body, status, sentence in (
        ("say", {**here, "content": "  "}, 400, "There is nothing to send."),
        ("say", {**here, "content": "x" * 2001}, 400, "That is 2001 characters; a message can have at most 2000."),
        ("say", {**here}, 400, "content: Missing required keyword only argument"),
        ("say", {**here, "content": "hi", "as_admin": True}, 400, "as_admin: Unexpected keyword argument"),
        (
            "say",
            {**here, "content": "hi", "member": server.bot_id},
            400,
            "You can act only as a member, not as the bot.",
        ),
        ("say", {**here, "content": "hi", "member": 7}, 404, "Unknown User."),
        ("say", {**here, "content": "hi", "channel": "x"}, 400, None),
        ("say", [], 400, "The request must be a JSON object."),
        ("delete", {**here, "message": 7}, 404, "Unknown Message."),
        ("__init__", {}, 404, "The page cannot __init__."),
    ):
        answer = await act(server, verb, body)
        assert answer[0] == status, (verb, body, answer)
        if sentence:
            assert answer[1]["error"] == sentence


async def test_an_emoji_has_a_picture_and_what_is_none_stays_text(server: SandboxServer) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(server.picture_of("🏴‍☠️")) as response:
            pirate = await response.text()
        async with session.get(server.picture_of("<a/>")) as response:
            marked = await response.text()

    assert response.content_type == "image/svg+xml"
    assert "🏴‍☠️</text>" in pirate
    assert "&lt;a/&gt;</text>" in marked


async def test_the_first_screen_says_what_the_model_is(discord_addresses: None) -> None:
    server = SandboxServer("127.0.0.1", 0, world=World(about="A small model, English only."))
    await server.start()
    protocols = ["troupe", f"key.{secret_of(server)}"]
    async with aiohttp.ClientSession() as session:
        feed = await session.ws_connect(f"{origin_of(server)}/page/feed", protocols=protocols)
        snapshot = await feed.receive_json()
    await server.stop()

    assert snapshot["about"] == "A small model, English only."
