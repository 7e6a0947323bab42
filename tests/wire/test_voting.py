"""Thumbs and better answers on a bad line: no vote is lost, none is counted twice."""

import asyncio

import pytest

from tests.waiting import until
from tests.wire.stage import Stage, buttons, is_finished

CALLBACK = "/interactions/*/callback"


async def test_a_press_delivered_twice_is_one_vote(stage: Stage) -> None:
    reply = await stage.answered("Is Paris in France?")
    stage.server.faults.double("INTERACTION_CREATE")

    await stage.press(reply, "👍")
    await stage.settled()

    assert await stage.vote(reply) == 1


async def test_a_reaction_delivered_twice_is_one_vote(stage: Stage) -> None:
    reply = await stage.answered("Is Paris in France?")
    stage.server.faults.double("MESSAGE_REACTION_ADD")

    await stage.react(reply, "👍")
    await stage.vote_becomes(reply, 1)
    await stage.settled()

    votes = await stage.store.votes((await stage.stored(reply)).id)
    assert (votes.up, votes.down) == (1, 0)


async def test_a_change_of_mind_that_arrives_in_the_wrong_order_keeps_the_newer_vote(stage: Stage) -> None:
    reply = await stage.answered("Is Paris in France?")
    await stage.react(reply, "👍")
    await stage.vote_becomes(reply, 1)

    stage.server.faults.hold("MESSAGE_REACTION_*")
    await stage.react(reply, "👍", on=False)
    await stage.react(reply, "👎")
    stage.server.bot_gateway.release_held(newest_first=True)
    await stage.vote_becomes(reply, -1)
    await stage.settled()

    assert await stage.vote(reply) == -1


async def test_a_reaction_during_the_stream_is_a_vote_on_the_finished_reply(stage: Stage) -> None:
    stage.engine.holds()
    await stage.say("Is Paris in France?")
    speaker = await stage.speaks()
    speaker.say("Paris be the capital ")
    await until(stage.replies)
    [reply] = stage.replies()

    await stage.react(reply, "👍", member="pip")
    speaker.say("o' France.")
    speaker.end()
    await until(lambda: is_finished(stage.replies()[0]))

    await stage.vote_becomes(reply, 1, "pip")


async def test_reactions_while_the_socket_is_away_are_heard_after_resuming(stage: Stage) -> None:
    reply = await stage.answered("Is Paris in France?")

    await stage.server.bot_gateway.drop(None)
    await stage.react(reply, "👍", member="pip")
    await stage.react(reply, "👎", member="juno")

    await stage.vote_becomes(reply, 1, "pip")
    await stage.vote_becomes(reply, -1, "juno")


@pytest.mark.parametrize("answer_seconds", [0.3])
async def test_a_press_that_is_answered_too_late_is_still_a_vote_and_the_figures_follow(stage: Stage) -> None:
    reply = await stage.answered("Is Paris in France?")
    stage.server.faults.slow("POST", CALLBACK, seconds=0.5)

    outcome = await stage.press(reply, "👍")

    assert outcome["kind"] == "failed"
    await stage.vote_becomes(reply, 1)
    await until(lambda: any(b.get("label") == "1" for b in buttons(stage.replies()[0])))


async def test_a_press_whose_confirmation_was_lost_is_one_vote(stage: Stage) -> None:
    reply = await stage.answered("Is Paris in France?")
    stage.server.faults.lose_answer("POST", CALLBACK)

    await stage.press(reply, "👍")

    await stage.vote_becomes(reply, 1)


async def test_votes_survive_a_rate_limit_and_server_errors_on_the_buttons(stage: Stage) -> None:
    reply = await stage.answered("Is Paris in France?")
    stage.server.faults.rate_limit("PATCH", "/channels/*/messages/*", retry_after=0.05)
    stage.server.faults.fail("PATCH", "/channels/*/messages/*")

    for member in ("mika", "juno", "pip"):
        await stage.react(reply, "👍", member=member)

    for member in ("mika", "juno", "pip"):
        await stage.vote_becomes(reply, 1, member)
    await until(lambda: any(b.get("label") == "3" for b in buttons(stage.replies()[0])))


async def test_a_better_answer_sent_twice_is_kept_once(stage: Stage) -> None:
    reply = await stage.answered("Is Paris in France?")
    opened = await stage.press(reply, "✏")
    [name] = [c["custom_id"] for row in opened["modal"]["components"] for c in _controls(row)]
    stage.server.faults.double("INTERACTION_CREATE")

    await stage.server.control.submit(
        member=stage.mika, interaction=opened["interaction"], fields={name: "Aye, matey, it be."}
    )
    await stage.settled()

    exported = await stage.store.export_member(stage.mika)
    assert [row["text"] for row in exported["corrections"]] == ["Aye, matey, it be."]


async def test_votes_of_many_members_on_a_bad_line_are_all_counted_once(stage: Stage) -> None:
    reply = await stage.answered("Is Paris in France?")
    stage.server.faults.double("MESSAGE_REACTION_ADD", times=3)
    stage.server.faults.rate_limit("PATCH", "/channels/*/messages/*", retry_after=0.05, everywhere=True)

    await asyncio.gather(*(stage.react(reply, "👎", member=member) for member in ("mika", "juno", "pip")))
    await stage.server.bot_gateway.drop(4000)

    for member in ("mika", "juno", "pip"):
        await stage.vote_becomes(reply, -1, member)
    votes = await stage.store.votes((await stage.stored(reply)).id)
    assert (votes.up, votes.down) == (0, 3)


def _controls(row: dict[str, object]) -> list[dict[str, str]]:
    nested = row.get("components") or [row["component"]]
    assert isinstance(nested, list)
    return nested
