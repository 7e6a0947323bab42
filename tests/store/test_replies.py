import asyncio

import pytest

from bot.store import StoredMessage
from tests.store.samples import ASKER, OTHER, RECORD, a_record


async def test_a_reply_comes_back_exactly_as_it_was_recorded(store):
    reply_id = await store.add_reply(RECORD, [501, 502])
    reply = await store.reply(reply_id)
    assert (reply.id, reply.record, reply.message_ids) == (reply_id, RECORD, (501, 502))


async def test_a_reply_of_the_base_model_in_a_direct_message_comes_back_too(store):
    record = a_record(guild_id=None, adapter_number=None, adapter_sha256=None, first_token_s=None, sampling={})
    reply = await store.reply(await store.add_reply(record))
    assert (reply.record, reply.message_ids) == (record, ())


async def test_a_reply_is_found_by_each_message_that_shows_it(store):
    reply_id = await store.add_reply(RECORD, [501, 502, 503])
    found = [await store.reply_of_message(message_id) for message_id in (501, 502, 503)]
    assert {reply.id for reply in found} == {reply_id}
    assert found[0].message_ids == (501, 502, 503)


async def test_a_message_shows_the_reply_it_was_linked_to_last(store):
    first, second = await store.add_reply(RECORD, [501]), await store.add_reply(RECORD, [501])
    assert (await store.reply_of_message(501)).id == second
    assert (await store.reply(first)).message_ids == ()


async def test_unknown_replies_and_messages_are_none(store):
    assert await store.reply(77) is None
    assert await store.reply_of_message(501) is None


async def test_the_id_of_a_deleted_reply_is_never_used_again(store):
    first = await store.add_reply(RECORD)
    await store.delete_member(ASKER)
    assert await store.add_reply(RECORD) > first


@pytest.mark.parametrize(
    "text", ["", "a\x00b", "'; DROP TABLE replies; --", "\U0001f3f4\u200d\u2620\ufe0f", "\n" * 4000]
)
async def test_any_text_survives(store, text):
    record = a_record(asked=text, text=text, messages=(StoredMessage("user", text, ASKER),))
    assert (await store.reply(await store.add_reply(record))).record == record


async def test_half_of_a_surrogate_pair_from_outside_is_stored_as_a_question_mark(store):
    record = a_record(asked="hi \ud83d", messages=(StoredMessage("user", "hi \ud83d", ASKER),))
    stored = (await store.reply(await store.add_reply(record))).record
    assert (stored.asked, stored.messages[0].content) == ("hi ?", "hi ?")


async def test_a_reply_that_cannot_be_recorded_whole_leaves_nothing(store):
    with pytest.raises(OverflowError):
        await store.add_reply(RECORD, [501, 2**64])
    assert await store.reply_of_message(501) is None
    assert await store.exchanges(10, "pirate", limit=10, since=0.0) == []


async def test_writes_of_many_tasks_do_not_mix(store):
    async def say(number: int) -> tuple[int, int]:
        reply_id = await store.add_reply(a_record(asker_id=number, asked=str(number)), [1000 + number])
        await store.cast_vote(reply_id, number, 1, "button")
        return number, reply_id

    for number, reply_id in await asyncio.gather(*(say(number) for number in range(100))):
        assert (await store.reply_of_message(1000 + number)).id == reply_id
        assert (await store.reply(reply_id)).record.asked == str(number)
        assert await store.vote_of(reply_id, number) == 1


async def test_a_cancelled_write_is_whole_or_absent_and_the_store_goes_on(store):
    for number in range(60):
        task = asyncio.create_task(store.add_reply(a_record(asked=str(number)), [number]))
        for _ in range(number):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
    for number in range(60):
        reply = await store.reply_of_message(number)
        assert reply is None or (reply.record.asked, reply.message_ids) == (str(number), (number,))
    exchanges = await store.exchanges(10, "pirate", limit=100, since=0.0)
    shown = [number for number in range(60) if await store.reply_of_message(number) is not None]
    assert [int(exchange.asked) for exchange in exchanges] == shown
    assert await store.add_reply(a_record(asker_id=OTHER)) > 0
