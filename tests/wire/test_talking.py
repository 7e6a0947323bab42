"""A reply while REST and the gateway misbehave: it arrives once, whole, and can be voted on."""

import asyncio

import pytest

from bot.discord_bot.client import TroupeBot
from tests.waiting import until
from tests.wire.stage import Stage, buttons, is_finished

MESSAGES = "/channels/*/messages"
EDITS = "/channels/*/messages/*"


def heard(bot: TroupeBot, event: str) -> list[str]:
    """Grows with every event of that name from now on."""
    times: list[str] = []

    async def note() -> None:
        times.append(event)

    bot.add_listener(note, event)
    return times


def assert_one_whole_reply(stage: Stage, text: str) -> None:
    [reply] = stage.replies()
    assert reply["content"] == text
    assert {(b.get("emoji") or {}).get("name") for b in buttons(reply)} >= {"👍", "👎"}


@pytest.mark.parametrize("everywhere", [False, True], ids=["route", "global"])
async def test_a_rate_limit_delays_a_reply_and_loses_nothing(stage: Stage, everywhere: bool) -> None:
    stage.server.faults.rate_limit("POST", MESSAGES, retry_after=0.05, everywhere=everywhere)
    stage.server.faults.rate_limit("PATCH", EDITS, retry_after=0.05, everywhere=everywhere)
    stage.engine.says("Paris is the capital of France. ", "Arr!")

    await stage.answered("Is Paris in France?")

    assert_one_whole_reply(stage, "Paris is the capital of France. Arr!")
    assert stage.statuses("POST", "/messages") == [429, 200]


async def test_server_errors_are_tried_again(stage: Stage) -> None:
    stage.server.faults.fail("POST", MESSAGES, status=500)
    stage.server.faults.fail("PATCH", EDITS, status=502)
    stage.engine.says("Aye, it is.")

    await stage.answered("Is Paris in France?")

    assert_one_whole_reply(stage, "Aye, it is.")


async def test_a_reply_whose_confirmation_was_lost_is_not_sent_twice(stage: Stage) -> None:
    stage.server.faults.lose_answer("POST", MESSAGES)
    stage.engine.says("Aye, it is.")

    await stage.answered("Is Paris in France?")

    assert stage.statuses("POST", "/messages") == [502, 200]
    assert_one_whole_reply(stage, "Aye, it is.")
    assert (await stage.stored(stage.replies()[0])).record.text == "Aye, it is."


async def test_slow_answers_hold_nothing_up_for_good(stage: Stage) -> None:
    stage.server.faults.slow("POST", MESSAGES, seconds=0.3)
    stage.server.faults.slow("PATCH", EDITS, seconds=0.3, times=2)
    stage.engine.holds()
    await stage.say("Is Paris in France?")
    speaker = await stage.speaks()
    for word in ["Paris", "be", "the", "capital", "o'", "France,", "matey,", "and", "always", "was", "so."]:
        speaker.say(word + " ")
    speaker.end()

    await until(lambda: stage.replies() and is_finished(stage.replies()[0]))

    assert_one_whole_reply(stage, "Paris be the capital o' France, matey, and always was so.")


async def test_typing_that_is_refused_does_not_keep_a_reply_back(stage: Stage) -> None:
    stage.server.faults.fail("POST", "/channels/*/typing", status=403)

    await stage.answered("Is Paris in France?")

    assert_one_whole_reply(stage, "Aye.")


@pytest.mark.parametrize("how", ["closed", "cut", "asked to reconnect"])
async def test_a_socket_dropped_mid_stream_is_resumed_and_the_reply_goes_on(stage: Stage, how: str) -> None:
    resumed, started_over = heard(stage.bot, "on_resumed"), heard(stage.bot, "on_connect")
    stage.engine.holds()
    await stage.say("Is Paris in France?")
    speaker = await stage.speaks()
    speaker.say("Paris be the capital ")
    await until(stage.replies)

    gateway = stage.server.bot_gateway
    if how == "asked to reconnect":
        gateway.ask_to_reconnect()
    else:
        await gateway.drop(4000 if how == "closed" else None)
    await stage.say("and while you were away?", member="pip")  # heard after RESUME
    speaker.say("o' France, matey.")
    speaker.end()

    await until(lambda: len(stage.replies()) == 2 and all(map(is_finished, stage.replies())))
    assert sorted(reply["content"] for reply in stage.replies()) == ["Aye.", "Paris be the capital o' France, matey."]
    assert (len(resumed), len(started_over), len(stage.bots)) == (1, 0, 1)


async def test_an_invalid_session_mid_stream_starts_the_session_over_and_keeps_the_reply(stage: Stage) -> None:
    stage.engine.holds()
    await stage.say("Is Paris in France?")
    speaker = await stage.speaks()
    speaker.say("Paris be the capital ")
    await until(stage.replies)

    stage.server.bot_gateway.invalidate_sessions()
    await until(lambda: stage.server.bot_gateway.bot_state == "online")
    speaker.say("o' France.")
    speaker.end()
    await until(lambda: is_finished(stage.replies()[0]))

    assert_one_whole_reply(stage, "Paris be the capital o' France.")
    await stage.settled()


async def test_a_message_delivered_twice_is_answered_once(stage: Stage) -> None:
    stage.server.faults.double("MESSAGE_CREATE")

    await stage.answered("Is Paris in France?")
    await stage.settled()

    assert_one_whole_reply(stage, "Aye.")
    assert len(stage.engine.requests) == 2  # this one and the one that settled it


async def test_a_reply_deleted_while_it_streams_ends_quietly(stage: Stage) -> None:
    stage.engine.holds()
    await stage.say("Is Paris in France?")
    speaker = await stage.speaks()
    speaker.say("Paris be the capital ")
    await until(stage.replies)

    message = stage.replies()[0]["id"]
    await stage.server.control.delete(member=stage.mika, channel=stage.tavern, message=message)
    while not speaker.cancelled:
        speaker.say("o' France, matey. ")
        await asyncio.sleep(0.02)
    await stage.settled()

    assert stage.replies() == []
