"""Several answers to one question, and replies that answer an older one than the last."""

import sqlite3
from contextlib import closing

import pytest

from bot.store import Standing
from bot.store.replies import EXCHANGES
from tests.store.samples import OTHER, VOTER, a_record


async def said(store, name: str, **changes) -> int:
    return await store.add_reply(a_record(asked=f"ask {name}", text=f"say {name}", created_at=5.0, **changes))


async def conversation(store) -> list[str]:
    return [exchange.answered for exchange in await store.exchanges(10, "pirate", limit=9, since=0.0)]


async def chained(store, reply_id: int, limit: int = 9) -> list[str]:
    return [exchange.answered for exchange in await store.chain(reply_id, limit)]


async def test_an_exchange_knows_its_reply_and_the_name_the_model_was_given(store):
    reply_id = await said(store, "a", asker_name="Alice")
    [exchange] = await store.exchanges(10, "pirate", limit=9, since=0.0)
    assert (exchange.reply_id, exchange.asker_name) == (reply_id, "Alice")


async def test_the_answers_to_a_message_are_found(store):
    first = await said(store, "a", asked_message_id=77)
    second = await said(store, "b", asked_message_id=77, regenerates=first)
    await said(store, "c", asked_message_id=78)
    found = await store.replies_asked_by(77)
    assert [reply.id for reply in found] == [first, second]
    assert found[1].record.regenerates == first
    assert await store.replies_asked_by(79) == []


async def test_the_conversation_keeps_the_first_answer_until_a_member_keeps_another(store):
    first = await said(store, "first")
    await said(store, "later")
    second = await said(store, "second", regenerates=first)
    assert await conversation(store) == ["say first", "say later"]
    assert await store.add_comparison(second, first, VOTER)
    assert await conversation(store) == ["say second", "say later"]
    assert await store.add_comparison(first, second, OTHER)
    assert await conversation(store) == ["say first", "say later"]


async def test_a_member_has_one_opinion_of_a_pair(store, path):
    first = await said(store, "first")
    second = await said(store, "second", regenerates=first)
    assert await store.add_comparison(first, second, VOTER)
    assert not await store.add_comparison(first, second, VOTER)
    assert await store.add_comparison(second, first, VOTER)
    exported = await store.export_member(VOTER)
    assert [(row["kept_reply_id"], row["other_reply_id"]) for row in exported["comparisons"]] == [(second, first)]


@pytest.mark.parametrize("other", ["itself", "another question", "nothing"])
async def test_only_answers_to_one_question_can_be_compared(store, other):
    first = await said(store, "first")
    ids = {"itself": first, "another question": await said(store, "else"), "nothing": 999}
    assert not await store.add_comparison(first, ids[other], VOTER)


async def test_a_chain_follows_what_was_answered(store):
    a = await said(store, "a")
    b = await said(store, "b")
    await said(store, "c")
    branch = await said(store, "branch", parent_reply_id=a)
    leaf = await said(store, "leaf", parent_reply_id=branch)
    assert await chained(store, b) == ["say a", "say b"]
    assert await chained(store, leaf) == ["say a", "say branch", "say leaf"]
    assert await chained(store, leaf, limit=2) == ["say branch", "say leaf"]
    assert await chained(store, 999) == []


async def test_a_chain_without_a_parent_goes_back_to_the_last_forget_in_its_channel_and_persona(store):
    await said(store, "before")
    await store.forget_channel(10)
    await said(store, "elsewhere", channel_id=11)
    await said(store, "other persona", persona="sarcastic")
    first = await said(store, "first")
    await said(store, "second", regenerates=first)
    last = await said(store, "last")
    assert await chained(store, last) == ["say first", "say last"]


async def test_two_answers_are_a_pair_until_a_member_keeps_one(store):
    first = await said(store, "first")
    assert await store.standing(first) == Standing(rival=None, given_up=False)
    second = await said(store, "second", regenerates=first)
    assert await store.standing(first) == Standing(rival=second, given_up=False)
    assert await store.standing(second) == Standing(rival=first, given_up=False)
    await store.add_comparison(second, first, VOTER)
    assert await store.standing(first) == Standing(rival=None, given_up=True)
    assert await store.standing(second) == Standing(rival=None, given_up=False)
    third = await said(store, "third", regenerates=first)
    assert await store.standing(second) == Standing(rival=third, given_up=False)
    assert await store.standing(first) == Standing(rival=None, given_up=True)
    await store.remove_reply(third)
    assert await store.standing(second) == Standing(rival=None, given_up=False)


async def test_what_personas_say_in_a_scene_is_not_the_members_conversation(store):
    await said(store, "asked")
    await said(store, "played", source="scene")
    assert await conversation(store) == ["say asked"]


async def test_the_newest_exchanges_are_found_without_sorting_a_long_channel(store, path):
    await said(store, "a")
    with closing(sqlite3.connect(path)) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {EXCHANGES}", (10, "pirate", 0.0, 5)).fetchall()
    steps = [step[-1] for step in plan]
    assert any(step.startswith("SEARCH replies USING INDEX replies_by_conversation") for step in steps)
    assert "SCAN replies" not in steps
    assert steps.count("USE TEMP B-TREE FOR ORDER BY") == 1  # of those few
