"""REST as Discord answers it: shapes of errors, limits and headers."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.sandbox import SandboxServer


@pytest.fixture
async def rest(server: SandboxServer) -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": f"Bot {server.token}"}
    async with aiohttp.ClientSession(server.api + "/", headers=headers) as session:
        yield session


async def post(rest: aiohttp.ClientSession, path: str, body: Any) -> tuple[int, Any]:
    async with rest.post(path, json=body) as response:
        return response.status, await response.json()


async def test_message_routes_carry_rate_limit_headers(server: SandboxServer, rest: aiohttp.ClientSession) -> None:
    path = f"channels/{server.demo_channels['lounge']}/messages"
    answers = []
    for _ in range(6):
        async with rest.post(path, json={"content": "hi"}) as response:
            answers.append((response.status, response.headers["X-RateLimit-Remaining"]))

    assert answers == [(200, "4"), (200, "3"), (200, "2"), (200, "1"), (200, "0"), (429, "0")]
    async with rest.post(path, json={"content": "hi"}) as response:
        limited = await response.json()
        assert response.headers["X-RateLimit-Limit"] == "5"
        assert response.headers["X-RateLimit-Scope"] == "user"
        assert limited["message"] == "You are being rate limited."
        assert limited["retry_after"] == float(response.headers["Retry-After"]) <= 5
    other, _ = await post(rest, f"channels/{server.demo_channels['tavern']}/messages", {"content": "hi"})
    assert other == 200  # a channel of its own, a bucket of its own


async def test_errors_have_discords_shape(server: SandboxServer, rest: aiohttp.ClientSession) -> None:
    lounge = server.demo_channels["lounge"]

    too_long = await post(rest, f"channels/{lounge}/messages", {"content": "y" * 2001})
    empty = await post(rest, f"channels/{lounge}/messages", {"content": ""})
    nowhere = await post(rest, "channels/7/messages", {"content": "hi"})
    nonsense = await post(rest, "channels/seven/messages", {"content": "hi"})
    async with rest.post(f"channels/{lounge}/messages", data="{") as response:
        broken = response.status, await response.json()
    for kind in ("multipart/form-data", "application/json; charset=utf-8"):
        async with rest.post(f"channels/{lounge}/messages", data=b"\xff", headers={"Content-Type": kind}) as response:
            assert response.status == 400
    async with rest.get("no/such/route") as response:
        absent = response.status

    assert (too_long[0], too_long[1]["code"]) == (400, 50035)
    assert (empty[0], empty[1]["code"]) == (400, 50035)
    assert nowhere == (404, {"code": 10003, "message": "Unknown Channel"})
    assert (nonsense[0], nonsense[1]["code"]) == (400, 50035)
    assert broken == (400, {"code": 50109, "message": "The request body contains invalid JSON."})
    assert absent == 501
    assert (await post(rest, f"channels/{lounge}/messages", {"content": "y" * 2000}))[0] == 200


@pytest.mark.parametrize("header", [None, "Bot wrong", "Bearer x"])
async def test_every_route_needs_the_bots_token(server: SandboxServer, header: str | None) -> None:
    async with aiohttp.ClientSession(headers={"Authorization": header} if header else {}) as stranger:
        for path in ("users/@me", "gateway/bot", f"channels/{server.demo_channels['lounge']}"):
            async with stranger.get(f"{server.api}/{path}") as response:
                assert (response.status, await response.json()) == (401, {"message": "401: Unauthorized", "code": 0})


async def test_an_unknown_interaction_token_opens_nothing(rest: aiohttp.ClientSession) -> None:
    status, answer = await post(rest, "interactions/1/nonsense/callback", {"type": 4, "data": {"content": "hi"}})

    assert (status, answer["code"]) == (404, 10062)


async def test_requests_are_recorded(server: SandboxServer, rest: aiohttp.ClientSession) -> None:
    path = f"channels/{server.demo_channels['lounge']}/messages"
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("payload_json", '{"content": "look", "attachments": [{"id": 0, "description": "a note"}]}')
    form.add_field("files[0]", b"text", filename="note.txt")

    async with rest.post(path, data=form) as response:
        attachment = (await response.json())["attachments"][0]

    recorded = server.requests[-1]
    assert (recorded.method, recorded.path, recorded.status) == ("POST", f"/{path}", 200)
    assert (recorded.body["content"], recorded.files) == ("look", ("note.txt",))
    assert attachment["description"] == "a note"
    async with rest.get(attachment["url"]) as response:
        assert await response.read() == b"text"
        assert response.headers["Content-Disposition"] == "attachment"
    async with rest.get(attachment["url"].replace(attachment["id"], "1")) as response:
        assert response.status == 404
