"""The supervisor around the real client: what passes is tried again, what is final ends with the remedy."""

import asyncio

import pytest

from bot.errors import DiscordError
from tests.waiting import PATIENCE, until
from tests.wire.stage import Stage, buttons, is_finished, staged


async def test_a_first_connect_that_is_refused_is_tried_again(empty_stage: Stage) -> None:
    empty_stage.server.faults.refused_connects = 2

    async with staged(empty_stage) as stage:
        await stage.answered("Is Paris in France?")


async def test_a_login_that_is_refused_at_first_is_tried_again(empty_stage: Stage) -> None:
    empty_stage.server.faults.fail("GET", "/users/@me", status=503)

    async with staged(empty_stage) as stage:
        await stage.answered("Is Paris in France?")


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (4004, "set DISCORD_TOKEN"),
        (4013, "update discord.py"),
        (4014, "Privileged Gateway Intents"),
    ],
)
async def test_final_refusals_end_with_the_remedy(empty_stage: Stage, code: int, remedy: str) -> None:
    empty_stage.server.faults.identify_close = code

    with pytest.raises(DiscordError, match=remedy):
        await asyncio.wait_for(empty_stage.supervise(), PATIENCE)

    assert empty_stage.bot.is_closed()


async def test_a_final_refusal_after_days_of_service_ends_as_well(stage: Stage) -> None:
    await stage.answered("Is Paris in France?")
    stage.server.faults.identify_close = 4014

    stage.server.bot_gateway.invalidate_sessions()

    assert stage.supervision is not None
    with pytest.raises(DiscordError, match="Privileged Gateway Intents"):
        await asyncio.wait_for(stage.supervision, PATIENCE)


async def test_a_line_that_is_lost_again_and_again_is_made_anew_by_the_same_client(stage: Stage) -> None:
    states: list[str] = []
    stage.server.bot_gateway.on_state_change(lambda: states.append(stage.server.bot_gateway.bot_state))
    for _ in range(6):  # more than the supervisor takes for bad luck
        states.clear()
        await stage.server.bot_gateway.drop(None)
        await until(lambda: "reconnecting" in states and states[-1] == "online")

    await stage.answered("Is Paris in France?")
    assert len(stage.bots) == 1


async def test_a_reply_outlives_a_line_that_cannot_be_made_for_a_while(stage: Stage) -> None:
    stage.engine.holds()
    await stage.say("Is Paris in France?")
    speaker = await stage.speaks()
    speaker.say("Paris be the capital ")
    await until(stage.replies)

    stage.server.faults.refused_connects = 2
    await stage.server.bot_gateway.drop(None)
    speaker.say("o' France.")
    speaker.end()
    await until(lambda: is_finished(stage.replies()[0]))

    assert stage.replies()[0]["content"] == "Paris be the capital o' France."
    await until(lambda: stage.server.bot_gateway.bot_state == "online")
    await stage.settled()


async def test_commands_that_discord_refuses_leave_chatting_possible(empty_stage: Stage) -> None:
    empty_stage.server.faults.fail("PUT", "/applications/*/commands", status=403)

    async with staged(empty_stage) as stage:
        await stage.answered("Is Paris in France?")


async def test_all_of_eight_replies_in_one_channel_are_marked_when_the_bot_stops(stage: Stage) -> None:
    for _ in range(8):
        stage.engine.holds()
        await stage.say("recite")
    await until(lambda: len(stage.engine.generations) == 8)
    for generation in stage.engine.generations:
        generation.say("It was a dark and stormy night, ")
    await until(lambda: len(stage.replies()) == 8)

    await stage.bot.drain(0.1)

    assert [buttons(reply)[0]["custom_id"].split(":")[1] for reply in stage.replies()] == ["up"] * 8
    assert all("(interrupted)" in reply["content"] for reply in stage.replies())
