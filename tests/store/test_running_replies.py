"""A reply has its row while it runs, so that whatever deletes words strikes it as well."""

import dataclasses
import time
from typing import Any

import pytest

from bot.store import ReplyRecord, Store
from tests.store.samples import a_record


def record(**changes: Any) -> ReplyRecord:
    return a_record(**{"created_at": time.time(), **changes})


async def test_a_begun_reply_is_found_only_once_it_is_finished(store: Store):
    reply_id = await store.begin_reply(record(text=""), store.erasures.mark())
    assert reply_id is not None
    assert await store.reply(reply_id) is None
    assert await store.finish_reply(reply_id, record(text="Aye."), [900])
    assert (await store.reply_of_message(900)).record.text == "Aye."


@pytest.mark.parametrize("kind", ["message", "member", "channel", "server", "elsewhere"])
async def test_what_is_deleted_between_reading_and_storing_strikes_the_reply(store: Store, kind: str):
    running = record(asked_message_id=77, guild_id=20, asker_id=901, channel_id=10)
    mark = store.erasures.mark()
    match kind:
        case "message":
            await store.remove_asked(77)
        case "member":
            await store.delete_member(901)
        case "channel":
            await store.remove_channel(10)
        case "server":
            await store.delete_server(20)
        case "elsewhere":
            await store.delete_member(901, guild_id=21)
    begun = await store.begin_reply(running, mark)
    assert (begun is None) == (kind != "elsewhere")


async def test_what_was_deleted_before_does_not_strike_it(store: Store):
    await store.remove_channel(10)
    assert await store.begin_reply(record(channel_id=10), store.erasures.mark()) is not None


async def test_a_second_answer_is_not_begun_once_the_first_has_lost_its_words(store: Store):
    first = record(asked_message_id=77)
    first_id = await store.add_reply(first)
    again = dataclasses.replace(first, regenerates=first_id)
    assert await store.begin_reply(again, store.erasures.mark()) is not None
    await store.edit_asked(77, "something else")
    assert await store.begin_reply(again, store.erasures.mark()) is None


async def test_what_a_bot_that_died_left_behind_is_swept(store: Store):
    left = await store.begin_reply(record(created_at=1000.0), store.erasures.mark())
    assert left is not None
    await store.begin_reply(record(), store.erasures.mark())
    assert not await store.finish_reply(left, record())
