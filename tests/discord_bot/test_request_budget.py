"""Refused requests are counted, and nothing is written once there were too many."""

import discord
import pytest
from aiohttp import ClientSession, TraceConfig, test_utils, web

from bot.discord_bot.request_budget import BAN_SECONDS, MOST_INVALID, WINDOW_SECONDS, RequestBudget

PASSED_DISCORD = {"Via": "1.1 google"}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budget(clock: Clock) -> RequestBudget:
    return RequestBudget(clock)


def test_only_what_discord_counts_is_counted(budget: RequestBudget) -> None:
    for status in (200, 204, 400, 404, 500, 502):
        budget.note(status, PASSED_DISCORD)
    budget.note(429, {**PASSED_DISCORD, "X-RateLimit-Scope": "shared"})
    assert budget.invalid == 0
    for status in (401, 403, 429):
        budget.note(status, PASSED_DISCORD)
    assert budget.invalid == 3


def test_writing_pauses_before_the_limit_and_goes_on_when_the_window_is_over(
    budget: RequestBudget, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(MOST_INVALID - 1):
        budget.note(403, PASSED_DISCORD)
    assert not budget.paused
    budget.note(403, PASSED_DISCORD)
    assert budget.paused
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "refused 9000 requests within 10 minutes" in caplog.text
    clock.now += WINDOW_SECONDS
    assert not budget.paused


@pytest.mark.parametrize(("headers", "seconds"), [({"Retry-After": "30"}, 30.0), ({}, BAN_SECONDS)])
def test_a_ban_by_the_front_door_pauses_at_once(
    budget: RequestBudget, clock: Clock, headers: dict[str, str], seconds: float
) -> None:
    budget.note(429, headers)
    assert budget.paused
    clock.now += seconds
    assert not budget.paused


async def test_while_paused_no_request_that_writes_leaves_the_bot(budget: RequestBudget) -> None:
    arrived: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        arrived.append(f"{request.method} {request.path}")
        return web.Response(status=200)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    budget.note(429, {})
    async with (
        test_utils.TestServer(application) as server,
        ClientSession(trace_configs=[budget.watch(TraceConfig())]) as session,
    ):
        with pytest.raises(discord.HTTPException) as refused:
            await session.post(server.make_url("/channels/1/messages"))
        await session.get(server.make_url("/channels/1"))
        await session.post(server.make_url("/interactions/1/token/callback"))
    assert refused.value.status == 429
    assert arrived == ["GET /channels/1", "POST /interactions/1/token/callback"]
