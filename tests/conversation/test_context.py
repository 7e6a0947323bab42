"""From which exchange on the model reads a conversation, and with whose names."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.context import Context, MemberMessage, first_kept
from bot.conversation.history import Conversations
from bot.prompt import PromptRenderer
from bot.store import Store
from tests.fakes import CharacterTokenizer
from tests.store.samples import a_record

CHANNEL, ALICE, BOB = 10, 901, 902
SIZES = st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), max_size=60)


@pytest.fixture
async def store(tmp_path):
    store = await Store.open(tmp_path / "troupe.db")
    yield store
    await store.close()


def a_context(store: Store, max_turns: int = 6, idle_seconds: float = 3600.0) -> Context:
    conversations = Conversations(store, max_turns=max_turns, idle_seconds=idle_seconds)
    return Context(conversations, PromptRenderer(CharacterTokenizer()))


async def said(store: Store, number: int, **changes) -> int:
    fields = {"asked": f"q{number:02}", "text": f"a{number:02}", "asker_name": "alice", "created_at": time.time()}
    return await store.add_reply(a_record(**{**fields, **changes}))


def asking(text: str = "next", author: int = ALICE, name: str = "alice", **changes) -> MemberMessage:
    return MemberMessage(CHANNEL, author, name, text, **{"in_public": True, **changes})


async def read(context: Context, question: MemberMessage, limit: int = 100_000) -> list[str]:
    return [turn.message.content for turn in await context.turns(question, "pirate", limit)]


@given(SIZES, st.integers(1, 60), st.integers(1, 400), st.integers(1, 20))
def test_what_is_kept_fits_or_nothing_is_kept(sizes, question, limit, most):
    first = first_kept(sizes, question, limit, most)
    kept = sizes[first:]
    assert not kept or (len(kept) <= most and sum(map(sum, kept)) + question <= limit)


@given(SIZES, st.integers(130, 400), st.integers(2, 20))
def test_the_beginning_stays_until_there_is_no_room_and_then_jumps(sizes, limit, most):
    before = 0
    for number, (asked, _) in enumerate(sizes):
        first = first_kept(sizes[:number], asked, limit, most)
        assert first >= before
        if first > before:
            kept_before = sizes[before:number]
            assert len(kept_before) > most or sum(map(sum, kept_before)) + asked > limit, "it moved without need"
            kept = sizes[first:number]
            assert len(kept) <= max(1, most // 2)
            assert sum(map(sum, kept)) <= limit // 2
        before = first


async def test_the_older_half_goes_when_there_are_too_many_and_then_the_beginning_stays(store):
    context = a_context(store, max_turns=6)
    beginnings = []
    for number in range(14):
        beginnings.append((await read(context, asking(f"q{number:02}")))[0])
        await said(store, number)
    assert beginnings == ["q00"] * 7 + ["q04"] * 4 + ["q08"] * 3


async def test_a_restart_finds_the_same_beginning(store):
    context = a_context(store, max_turns=6)
    for number in range(40):
        before = await read(context, asking(f"q{number:02}"))
        assert before == await read(a_context(store, max_turns=6), asking(f"q{number:02}"))
        await said(store, number, text="a" * (number % 7 + 1))


async def test_the_limit_counts_tokens(store):
    context = a_context(store, max_turns=100)
    for number in range(10):
        await said(store, number)
    assert await read(context, asking(), limit=10_000) == [
        *(f"{kind}{n:02}" for n in range(10) for kind in "qa"),
        "next",
    ]
    shortened = await read(a_context(store, max_turns=100), asking(), limit=400)
    assert 3 <= len(shortened) < 15
    assert shortened[-1] == "next"


async def test_names_are_given_only_where_several_members_speak(store):
    context = a_context(store)
    await said(store, 1)
    assert await read(context, asking()) == ["q01", "a01", "next"]
    assert await read(context, asking(author=BOB, name="bob")) == ["alice: q01", "a01", "bob: next"]
    assert await read(context, asking(author=BOB, name="bob", in_public=False)) == ["q01", "a01", "next"]


async def test_a_branch_is_read_back_to_where_it_began_even_across_a_silence(store):
    context = a_context(store, idle_seconds=100.0)
    now = time.time()
    old = await said(store, 1, created_at=now - 5000)
    await said(store, 2, created_at=now - 50)
    assert await read(context, asking()) == ["q02", "a02", "next"]
    assert await read(context, asking(branch=old)) == ["q01", "a01", "next"]
    branch = await said(store, 3, created_at=now, parent_reply_id=old)
    assert await read(context, asking(branch=branch)) == ["q01", "a01", "q03", "a03", "next"]


async def test_forget_and_taken_back_words_are_gone_at_once(store):
    context = a_context(store)
    await said(store, 1, asked_message_id=71)
    await said(store, 2, asked_message_id=72)
    await store.edit_asked(71, "better")
    await store.remove_asked(72)
    assert await read(context, asking()) == ["better", "a01", "next"]
    await store.forget_channel(CHANNEL)
    assert await read(context, asking()) == ["next"]
