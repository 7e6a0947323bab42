import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.store import Store, VoteCount
from tests.store.samples import ASKER, OTHER, RECORD, VOTER


@pytest.fixture
async def reply_id(store) -> int:
    return await store.add_reply(RECORD)


async def test_a_vote_counts_once_and_casting_it_again_changes_nothing(store, reply_id):
    assert await store.cast_vote(reply_id, VOTER, 1, "button") is True
    assert await store.cast_vote(reply_id, VOTER, 1, "reaction") is False
    assert await store.votes(reply_id) == VoteCount(up=1, down=0)


async def test_a_changed_mind_replaces_the_vote(store, reply_id):
    await store.cast_vote(reply_id, VOTER, 1, "button")
    assert await store.cast_vote(reply_id, VOTER, -1, "button") is True
    assert await store.votes(reply_id) == VoteCount(up=0, down=1)
    assert await store.vote_of(reply_id, VOTER) == -1


async def test_votes_of_different_members_add_up(store, reply_id):
    await store.cast_vote(reply_id, VOTER, 1, "button")
    await store.cast_vote(reply_id, ASKER, 1, "reaction")
    await store.cast_vote(reply_id, OTHER, -1, "button")
    assert await store.votes(reply_id) == VoteCount(up=2, down=1)


async def test_a_withdrawn_vote_is_gone(store, reply_id):
    await store.cast_vote(reply_id, VOTER, 1, "button")
    assert await store.withdraw_vote(reply_id, VOTER) is True
    assert await store.withdraw_vote(reply_id, VOTER) is False
    assert await store.vote_of(reply_id, VOTER) is None


async def test_a_late_removal_of_the_old_thumb_does_not_withdraw_the_new_one(store, reply_id):
    await store.cast_vote(reply_id, VOTER, 1, "reaction")
    await store.cast_vote(reply_id, VOTER, -1, "reaction")
    assert await store.withdraw_vote(reply_id, VOTER, 1) is False
    assert await store.vote_of(reply_id, VOTER) == -1


async def test_a_vote_on_a_reply_that_no_longer_exists_is_no_vote(store):
    assert await store.cast_vote(77, VOTER, 1, "button") is False
    assert await store.votes(77) == VoteCount(0, 0)


async def test_a_storm_of_votes_from_many_tasks_counts_each_voter_once(store, reply_id):
    votes = [(voter, value) for voter in range(50) for value in (1, -1, 1)]
    await asyncio.gather(*(store.cast_vote(reply_id, voter, value, "button") for voter, value in votes))
    assert await store.votes(reply_id) == VoteCount(up=50, down=0)


async def test_a_correction_is_one_per_member_and_the_last_text_counts(store, reply_id):
    first = await store.add_correction(reply_id, VOTER, "Aye, in France.")
    assert await store.add_correction(reply_id, VOTER, "Aye, in France, matey.") == first
    assert await store.add_correction(reply_id, OTHER, "In France.") != first
    [kept] = (await store.export_member(VOTER))["corrections"]
    assert (kept["reply_id"], kept["text"]) == (reply_id, "Aye, in France, matey.")


async def test_a_correction_of_a_reply_that_no_longer_exists_is_refused(store):
    with pytest.raises(LookupError):
        await store.add_correction(77, VOTER, "better")


VOTERS = st.integers(1, 3)
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("cast"), VOTERS, st.sampled_from([1, -1])),
        st.tuples(st.just("withdraw"), VOTERS, st.sampled_from([1, -1, None])),
    ),
    max_size=30,
)


@pytest.fixture(scope="module")
def loop_and_store(tmp_path_factory):
    """One store for all examples: each rates a reply of its own."""
    with asyncio.Runner() as runner:
        store = runner.run(Store.open(tmp_path_factory.mktemp("votes") / "troupe.db"))
        yield runner, store
        runner.run(store.close())


@given(actions=ACTIONS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_sequence_of_votes_and_withdrawals_leaves_what_a_dict_would_hold(loop_and_store, actions):
    runner, store = loop_and_store
    runner.run(replay(store, actions))


async def replay(store: Store, actions) -> None:
    reply_id = await store.add_reply(RECORD)
    expected: dict[int, int] = {}
    for action, voter, value in actions:
        before = dict(expected)
        if action == "cast":
            expected[voter] = value
            changed = await store.cast_vote(reply_id, voter, value, "button")
        else:
            if value in (None, expected.get(voter)):
                expected.pop(voter, None)
            changed = await store.withdraw_vote(reply_id, voter, value)
        assert changed == (before != expected)
    assert {v: await store.vote_of(reply_id, v) for v in (1, 2, 3)} == {v: expected.get(v) for v in (1, 2, 3)}
    values = list(expected.values())
    assert await store.votes(reply_id) == VoteCount(values.count(1), values.count(-1))
