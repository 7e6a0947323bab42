"""What the bot asks of Discord on a bad day, counted by a proxy: few requests, early answers, nothing left."""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.errors import QueueFull
from tests.waiting import until
from tests.wire.proxy import CLOUDFLARE_BAN, LOST_ANSWER, NO_TIME_TO_WAIT, Proxy, Refusal
from tests.wire.stage import Stage, buttons, staged

CALLBACK = "/interactions/*/callback"
MOST_AFTER_A_REFUSAL = 3  # requests
REFUSALS = {
    "the content": Refusal(400, code=50083),
    "missing permissions": Refusal(403, code=50013),
    "the channel is gone": Refusal(404, code=10003),
    "banned by the front door": CLOUDFLARE_BAN,
    "a rate limit without a time": NO_TIME_TO_WAIT,
}


# ---------------------------------------------------------------------- requests after a refusal


@pytest.mark.parametrize("why", REFUSALS)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_a_refused_message_or_edit_is_not_asked_for_again_and_again(
    proxy: Proxy, empty_stage: Stage, method: str, why: str
) -> None:
    async with staged(empty_stage) as stage:
        stage.engine.holds()
        proxy.refuse(method, "/channels/*/messages*", REFUSALS[why])
        await stage.say("Recite.")
        speaker = await stage.speaks()
        speaker.say("The first verse. ")
        await until(lambda: proxy.count("POST", "/channels/*/messages"))
        for verse in range(20):
            speaker.say(f"Verse {verse} of the song. ")
            await asyncio.sleep(0.01)
        speaker.end()
        await stage.bot.drain(5.0)
    assert 1 <= proxy.count("*", "*", refused=True) <= MOST_AFTER_A_REFUSAL


# ---------------------------------------------------------------------- an answer whose receipt was lost


async def test_a_vote_whose_receipt_was_lost_is_a_vote_and_no_error(proxy: Proxy, stage: Stage) -> None:
    reply = await stage.answered("Is Paris in France?")
    proxy.refuse("POST", CALLBACK, LOST_ANSWER, times=1)

    await stage.press(reply, "👍")

    await stage.vote_becomes(reply, 1)
    await until(lambda: proxy.count("POST", CALLBACK) == 2)
    await stage.settled()
    assert stage.whispers() == []


async def test_a_command_whose_receipt_was_lost_is_answered_once(proxy: Proxy, stage: Stage) -> None:
    proxy.refuse("POST", CALLBACK, LOST_ANSWER, times=1)

    await stage.slash("persona", "list")

    await until(lambda: any("Captain Saltbeard" in whisper["content"] for whisper in stage.whispers()))
    await stage.settled()
    assert len(stage.whispers()) == 1


async def test_an_error_sentence_whose_receipt_was_lost_is_said_once(proxy: Proxy, stage: Stage) -> None:
    proxy.refuse("POST", CALLBACK, LOST_ANSWER, times=1)

    await stage.slash("chat", message=" ")

    await until(lambda: proxy.count("GET", "/webhooks/*/messages/@original"))
    await stage.settled()
    assert len(stage.whispers()) == 1


async def test_a_form_whose_receipt_was_lost_gives_back_what_was_typed(proxy: Proxy, stage: Stage) -> None:
    reply = await stage.answered("Is Paris in France?")
    proxy.refuse("POST", CALLBACK, LOST_ANSWER, times=1)

    opened = await stage.press(reply, "✏")
    await until(lambda: proxy.count("POST", CALLBACK) == 2)
    sent = await stage.server.control.submit(
        member=stage.mika, interaction=int(opened["interaction"]), fields={"answer": "Aye."}
    )

    assert sent["kind"] == "message"
    assert [whisper["attachments"][0]["filename"] for whisper in stage.whispers()] == ["what-you-typed.txt"]


async def test_a_full_queue_is_told_to_the_asker_alone(proxy: Proxy, stage: Stage) -> None:
    stage.engine.raises(QueueFull(3))

    await stage.slash("chat", message="Is Paris in France?")

    await until(lambda: any("3 messages are waiting" in whisper["content"] for whisper in stage.whispers()))
    await until(lambda: stage.replies() == [])


# ---------------------------------------------------------------------- an answer in time


async def like(stage: Stage, reply: dict[str, Any]) -> None:
    await stage.press(reply, "👍")


async def switch(stage: Stage, _reply: dict[str, Any]) -> None:
    await stage.slash("persona", "switch", name="pirate")


async def forget(stage: Stage, _reply: dict[str, Any]) -> None:
    await stage.slash("forget")


@pytest.mark.parametrize("act", [like, switch, forget])
async def test_a_locked_database_does_not_delay_the_acknowledgement(
    proxy: Proxy, stage: Stage, tmp_path: Path, act: Callable[[Stage, dict[str, Any]], Coroutine[Any, Any, None]]
) -> None:
    reply = await stage.answered("Is Paris in France?")
    before = proxy.count("POST", CALLBACK)
    with closing(sqlite3.connect(tmp_path / "troupe.db", isolation_level=None)) as lock:
        lock.execute("BEGIN IMMEDIATE")
        acting = asyncio.create_task(act(stage, reply))
        await until(lambda: proxy.count("POST", CALLBACK) > before)  # the lock is held until it has come
        assert lock.in_transaction
        lock.rollback()
    await acting


@pytest.mark.parametrize("answer_seconds", [0.2])
async def test_a_press_whose_answer_was_held_up_too_long_is_a_vote_all_the_same(proxy: Proxy, stage: Stage) -> None:
    reply = await stage.answered("Is Paris in France?")
    let_through = proxy.hold("POST", CALLBACK)

    outcome = await stage.press(reply, "👍")
    let_through.set()

    assert outcome["kind"] == "failed"
    await stage.vote_becomes(reply, 1)
    assert proxy.count("POST", CALLBACK, refused=True) <= MOST_AFTER_A_REFUSAL


# ---------------------------------------------------------------------- what a deletion leaves

QUESTION, ANSWER = "Where does the treasure lie?", "It lies under the oak."


def rows_about(database: Path, *needles: str) -> list[str]:
    """The rows of a dump in which one of the needles occurs."""
    with closing(sqlite3.connect(database)) as connection:
        return [line for line in connection.iterdump() if line.startswith("INSERT") and any(n in line for n in needles)]


async def remove_server(stage: Stage, proxy: Proxy, _reply: dict[str, Any]) -> None:
    await proxy.remove_unseen(stage.server.guild_id)


async def remove_channel(stage: Stage, proxy: Proxy, _reply: dict[str, Any]) -> None:
    await proxy.remove_unseen(stage.tavern)


async def delete_both_messages(stage: Stage, _proxy: Proxy, reply: dict[str, Any]) -> None:
    asked = (await stage.stored(reply)).record.asked_message_id
    for message in (asked, int(reply["id"])):
        await stage.server.control.delete(member=stage.mika, channel=stage.tavern, message=message or 0)


async def press_on_panel(stage: Stage, custom_id: str) -> None:
    def shown() -> list[str]:
        return [button["custom_id"] for whisper in stage.whispers() for button in buttons(whisper)]

    await until(lambda: custom_id in shown())
    [panel] = stage.whispers()
    await stage.server.control.click(
        member=stage.mika, channel=stage.tavern, message=int(panel["id"]), custom_id=custom_id
    )


async def delete_everything(stage: Stage, _proxy: Proxy, _reply: dict[str, Any]) -> None:
    await stage.slash("privacy")
    await press_on_panel(stage, "troupe:privacy:delete")
    await press_on_panel(stage, "troupe:privacy:delete:yes")


@pytest.mark.parametrize("deletion", [remove_server, remove_channel, delete_both_messages, delete_everything])
async def test_no_row_holds_a_word_of_what_was_deleted(
    proxy: Proxy, stage: Stage, tmp_path: Path, deletion: Callable[..., Coroutine[Any, Any, None]]
) -> None:
    stage.engine.says(ANSWER)
    reply = await stage.answered(QUESTION)
    await stage.react(reply, "👍")
    await stage.vote_becomes(reply, 1)
    words = [QUESTION, ANSWER]
    if deletion is remove_server:
        words += [str(stage.server.guild_id), str(stage.mika), str(reply["id"])]
    assert rows_about(tmp_path / "troupe.db", *words)

    await deletion(stage, proxy, reply)

    await until(lambda: not rows_about(tmp_path / "troupe.db", *words))
