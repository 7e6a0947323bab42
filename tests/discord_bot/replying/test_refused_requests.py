"""A request that Discord refused is not asked again at once; the figures are of requests after the first refusal."""

from typing import Any

import pytest
import simcord

from bot.discord_bot.replying.streaming import worth_a_look
from bot.store import Store, VoteCount
from tests.discord_bot.talk import answers, buttons
from tests.fakes import ScriptedEngine

WORDS = [f"and word number {number} " for number in range(60)]


def writes(env: simcord.Env, before: int) -> list[str]:
    return [
        f"{made.method} {made.path}"
        for made in env.http_requests[before:]
        if made.method in {"POST", "PATCH"} and made.path.rpartition("/")[2] != "typing"
    ]


async def recite(env: simcord.Env, engine: ScriptedEngine) -> None:
    for word in WORDS:
        engine.generations[-1].say(word)
        await env.settle()
    engine.generations[-1].end()
    await env.settle()


@pytest.mark.parametrize(("status", "code"), [(400, 50083), (400, 50035), (429, 0), (403, 50013), (404, 10003)])
async def test_a_first_message_that_is_refused_for_good_ends_the_reply(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine, status: int, code: int
) -> None:
    engine.holds()
    await alice.send(channel, f"{at_bot} recite")
    before = len(env.http_requests)
    for _ in range(len(WORDS)):
        env.inject_error("POST", "/channels/*/messages", status=status, code=code)
    await recite(env, engine)
    assert len(writes(env, before)) <= 3
    assert engine.generations[-1].cancelled


async def test_edits_that_are_refused_are_given_up_and_the_stop_button_goes(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    engine.holds()
    await alice.send(channel, f"{at_bot} recite")
    engine.generations[-1].say("It begins like this, my friend. ")
    await env.settle()
    [answer] = answers(env, channel)
    assert buttons(answer) == ["troupe:stop"]
    before = len(env.http_requests)
    for _ in range(2):
        env.inject_error("PATCH", "/channels/*/messages/*", status=400, code=50035)
    await recite(env, engine)
    assert len(writes(env, before)) <= 4, "the refused edit, the refused last one, the buttons, the apology"
    assert "troupe:stop" not in buttons(answers(env, channel)[0])


async def test_a_vote_by_reaction_on_an_old_message_is_kept_when_its_figures_cannot_change(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    await alice.send(channel, f"{at_bot} hello")
    [answer] = answers(env, channel)
    reply = await store.reply_of_message(answer.id)
    assert reply is not None
    env.inject_error("PATCH", "/channels/*/messages/*", status=400, code=30046)
    await alice.react(answer, "👍")
    assert await store.votes(reply.id) == VoteCount(1, 0)
    assert "ERROR" not in {record.levelname for record in caplog.records}


@pytest.mark.parametrize(
    ("text", "worth"),
    [
        ("", False), ("Ahoy", False), ("Ahoy there", False), ("Ahoy there, matey", False),
        ("Ahoy there, mateys ", True),
        ("Aye. ", True), ("Aye", False), ("你好。", True), ("一" * 40, False), ("一" * 41, True), ("   ", False),
        ("สวัสดีครับ" * 20, True),
    ],
)  # fmt: skip
def test_when_a_reply_is_worth_a_first_look(text: str, worth: bool) -> None:
    assert worth_a_look(text) is worth
