from collections.abc import AsyncIterator
from contextlib import ExitStack

import aiohttp
import pytest
from aiohttp import test_utils, web

from bot.discord_bot.replying.edit_pacing import EDITS_A_SECOND, EditPacer

TAVERN, KITCHEN = "channels/1", "channels/2"


def headers(remaining: int, reset_after: float) -> dict[str, str]:
    return {"X-RateLimit-Remaining": str(remaining), "X-RateLimit-Reset-After": str(reset_after)}


def test_without_news_from_discord_the_configured_distance_holds() -> None:
    pacer = EditPacer(1.2)
    with pacer.growing(TAVERN):
        assert pacer.interval(TAVERN) == 1.2
        pacer.note(TAVERN, {"Content-Type": "application/json"})
        assert pacer.interval(TAVERN) == 1.2


def test_what_is_left_of_a_window_is_spread_over_it_with_one_edit_in_reserve() -> None:
    pacer = EditPacer(0.5)
    with pacer.growing(TAVERN):
        pacer.note(TAVERN, headers(4, 6.0))
        assert pacer.interval(TAVERN) == 2.0
        pacer.note(TAVERN, headers(0, 3.0))
        assert pacer.interval(TAVERN) == 3.0
        pacer.note(TAVERN, headers(5, 0.1))
        assert pacer.interval(TAVERN) == 0.5


def test_replies_of_one_channel_share_its_window_and_other_channels_do_not_pay() -> None:
    pacer = EditPacer(0.1)
    with pacer.growing(TAVERN), pacer.growing(TAVERN), pacer.growing(KITCHEN):
        pacer.note(TAVERN, headers(2, 1.0))
        assert pacer.interval(TAVERN) == 2.0
        assert pacer.interval(KITCHEN) == 0.1


def test_many_channels_share_what_discord_takes_of_one_bot() -> None:
    pacer = EditPacer(0.5)
    with ExitStack() as stack:
        for number in range(81):
            stack.enter_context(pacer.growing(f"channels/{number}"))
        assert pacer.interval("channels/0") == 80 / EDITS_A_SECOND


def test_a_window_is_forgotten_with_its_last_reply() -> None:
    pacer = EditPacer(0.5)
    with pacer.growing(TAVERN):
        pacer.note(TAVERN, headers(0, 60.0))
    with pacer.growing(TAVERN):
        assert pacer.interval(TAVERN) == 0.5


@pytest.fixture
async def discord() -> AsyncIterator[test_utils.TestServer]:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({}, headers=headers(1, 7.5))

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    server = test_utils.TestServer(app)
    await server.start_server()
    yield server
    await server.close()


@pytest.mark.parametrize(
    ("bucket", "method", "path", "interval"),
    [
        ("channels/1", "PATCH", "/api/v10/channels/1/messages/5", 7.5),
        ("channels/1", "POST", "/api/v10/channels/1/messages", 0.5),
        ("channels/1", "PATCH", "/api/v10/channels/2/messages/5", 0.5),
        ("webhooks/9", "PATCH", "/api/v10/webhooks/9/abcdefghijklmnopqrstuvwxyz/messages/5", 7.5),
        ("webhooks/9/abcdefghijklmnopqrstuvwxyz", "PATCH",
         "/api/v10/webhooks/9/abcdefghijklmnopqrstuvwxyz/messages/@original", 7.5),
    ],
)  # fmt: skip
async def test_the_headers_of_edits_are_read_from_the_wire(
    discord: test_utils.TestServer, bucket: str, method: str, path: str, interval: float
) -> None:
    pacer = EditPacer(0.5)
    async with aiohttp.ClientSession(trace_configs=[pacer.trace()]) as session:
        with pacer.growing(bucket):
            async with session.request(method, discord.make_url(path)):
                assert pacer.interval(bucket) == interval
