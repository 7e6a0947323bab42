from collections.abc import AsyncIterator
from contextlib import ExitStack

import aiohttp
import pytest
from aiohttp import test_utils, web

from bot.discord_bot.replying.edit_pacing import EDITS_A_SECOND, Pace

TAVERN, KITCHEN = "channels/1", "channels/2"


def headers(remaining: int, reset_after: float) -> dict[str, str]:
    return {"X-RateLimit-Remaining": str(remaining), "X-RateLimit-Reset-After": str(reset_after)}


def test_without_news_from_discord_the_configured_distance_holds() -> None:
    pace = Pace(1.2)
    with pace.growing(TAVERN):
        assert pace.interval(TAVERN) == 1.2
        pace.note(TAVERN, {"Content-Type": "application/json"})
        assert pace.interval(TAVERN) == 1.2


def test_what_is_left_of_a_window_is_spread_over_it_with_one_edit_in_reserve() -> None:
    pace = Pace(0.5)
    with pace.growing(TAVERN):
        pace.note(TAVERN, headers(4, 6.0))
        assert pace.interval(TAVERN) == 2.0
        pace.note(TAVERN, headers(0, 3.0))
        assert pace.interval(TAVERN) == 3.0
        pace.note(TAVERN, headers(5, 0.1))
        assert pace.interval(TAVERN) == 0.5


def test_replies_of_one_channel_share_its_window_and_other_channels_do_not_pay() -> None:
    pace = Pace(0.1)
    with pace.growing(TAVERN), pace.growing(TAVERN), pace.growing(KITCHEN):
        pace.note(TAVERN, headers(2, 1.0))
        assert pace.interval(TAVERN) == 2.0
        assert pace.interval(KITCHEN) == 0.1


def test_many_channels_share_what_discord_takes_of_one_bot() -> None:
    pace = Pace(0.5)
    with ExitStack() as stack:
        for number in range(81):
            stack.enter_context(pace.growing(f"channels/{number}"))
        assert pace.interval("channels/0") == 80 / EDITS_A_SECOND


def test_a_window_is_forgotten_with_its_last_reply() -> None:
    pace = Pace(0.5)
    with pace.growing(TAVERN):
        pace.note(TAVERN, headers(0, 60.0))
    with pace.growing(TAVERN):
        assert pace.interval(TAVERN) == 0.5


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
    pace = Pace(0.5)
    async with aiohttp.ClientSession(trace_configs=[pace.trace()]) as session:
        with pace.growing(bucket):
            async with session.request(method, discord.make_url(path)):
                assert pace.interval(bucket) == interval
