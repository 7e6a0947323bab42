"""Commands over the wire, answered in time and late; and that the requests of these tests are checked at all."""

import asyncio

import pytest

from bot.sandbox.rest import RecordedRequest
from tests.sandbox.contract import assert_requests_valid, needs_document
from tests.waiting import PATIENCE, until
from tests.wire.stage import Stage

CALLBACK = "/interactions/*/callback"


async def comes_to_speak(stage: Stage, persona: str) -> None:
    """A command is acknowledged before it is carried out."""
    async with asyncio.timeout(PATIENCE):
        while await stage.store.channel_persona(stage.tavern) != persona:
            await asyncio.sleep(0.01)


async def test_a_persona_is_switched_and_speaks_from_then_on(stage: Stage) -> None:
    await stage.slash("persona", "switch", name="pirate")
    await comes_to_speak(stage, "pirate")
    await stage.answered("Is Paris in France?")

    assert "You are Captain Saltbeard." in "".join(map(chr, stage.engine.requests[-1].prompt_ids))


@pytest.mark.parametrize("answer_seconds", [0.3])
async def test_a_command_that_is_answered_too_late_is_carried_out_all_the_same(stage: Stage) -> None:
    stage.server.faults.slow("POST", CALLBACK, seconds=0.5)

    outcome = await stage.slash("persona", "switch", name="pirate")

    assert outcome["kind"] == "failed"
    await comes_to_speak(stage, "pirate")


async def test_a_command_whose_answer_discord_no_longer_takes_leaves_chatting_possible(stage: Stage) -> None:
    stage.server.faults.fail("POST", CALLBACK, status=404)
    late = asyncio.create_task(stage.slash("chat", message="hello"))
    await until(lambda: 404 in stage.statuses("POST", "/callback"))

    await stage.answered("still there?")

    late.cancel()
    await asyncio.gather(late, return_exceptions=True)


async def test_a_command_delivered_twice_says_nothing_twice(stage: Stage) -> None:
    stage.server.faults.double("INTERACTION_CREATE")

    await stage.slash("persona", "switch", name="pirate")
    await stage.settled()

    assert len(stage.replies()) == 1


async def test_private_answers_arrive_although_the_first_try_is_rate_limited(stage: Stage) -> None:
    stage.server.faults.rate_limit("POST", CALLBACK, retry_after=0.1)

    await stage.slash("persona", "list")

    await until(stage.whispers)


@needs_document
async def test_requests_that_discord_does_not_know_would_be_noticed(stage: Stage) -> None:
    await stage.answered("Is Paris in France?")
    made = [(request.method, request.path.split("/")[1]) for request in stage.server.requests]
    assert {("POST", "channels"), ("PATCH", "channels"), ("PUT", "applications")} <= set(made)

    assert_requests_valid(stage.server.requests)
    with pytest.raises(AssertionError, match="content"):
        assert_requests_valid([RecordedRequest("POST", "/channels/1/messages", {}, {"content": 7}, (), 200)])
    with pytest.raises(AssertionError, match="no such operation"):
        assert_requests_valid([RecordedRequest("POST", "/channels/1/telepathy", {}, None, (), 200)])
