"""Marks on versions that learned from deleted words, and forgetting a member."""

import json

import pytest

from bot.errors import AdapterError
from bot.retraining.forgetting import Forgetting
from bot.store import WHOLE_SERVER, Store, open_snapshot
from bot.versions.rebuild_marks import mark, marked, replies_behind, unmark
from bot.versions.registry import AdapterRegistry
from bot.versions.sampled_answers import samples_file
from bot.versions.training_due import must_rebuild, trained_at
from tests.store.samples import ASKER, VOTER, a_record


@pytest.fixture
def registry(tmp_path) -> AdapterRegistry:
    add_version(tmp_path / "adapters", "pirate", 1, [])
    add_version(tmp_path / "adapters", "pirate", 2, [1, 2])
    add_version(tmp_path / "adapters", "pirate", 3, [2, 3])
    return AdapterRegistry(tmp_path / "adapters")


@pytest.fixture
async def store(tmp_path):
    store = await Store.open(tmp_path / "troupe.db")
    yield store
    await store.close()


def add_version(folder, persona: str, number: int, reply_ids: list[int]) -> None:
    version = folder / persona / "versions" / str(number)
    version.mkdir(parents=True)
    manifest = {"adapter_sha256": "ab", "reply_ids": reply_ids, "created_at": "2026-01-01T00:00:00+00:00"}
    (version / "manifest.json").write_text(json.dumps(manifest))


async def add_taught(registry, store, *records) -> list[int]:
    """Replies of which version 2 learned from the first two, version 3 from the second and third; their ids."""
    ids = [await store.add_reply(record) for record in records]
    for number, behind in ((2, ids[:2]), (3, ids[1:3])):
        manifest = {"adapter_sha256": "ab", "reply_ids": behind, "created_at": "2026-01-01T00:00:00+00:00"}
        (registry.folder / "pirate" / "versions" / str(number) / "manifest.json").write_text(json.dumps(manifest))
    return ids


def test_exactly_the_versions_that_learned_from_a_reply_are_marked(registry):
    assert mark(registry, "pirate", {3}) == [3]
    assert mark(registry, "pirate", {2}) == [2]
    assert set(marked(registry, "pirate")) == {2, 3}
    assert mark(registry, "pirate", {2, 3, 99}) == [], "they are marked already"
    unmark(registry, "pirate", 3)
    assert set(marked(registry, "pirate")) == {2}
    assert replies_behind(registry, "pirate") == {1, 2, 3}


def test_a_mark_keeps_its_first_time_and_ends_with_its_version(registry):
    mark(registry, "pirate", {3})
    first = marked(registry, "pirate")[3]
    mark(registry, "pirate", {1, 3})
    assert marked(registry, "pirate")[3] == first
    (registry.folder / "pirate" / "versions" / "3" / "manifest.json").unlink()
    (registry.folder / "pirate" / "versions" / "3").rmdir()
    assert set(marked(registry, "pirate")) == {2}


@pytest.mark.parametrize("content", ["", "[]", '{"x": 1}', '{"1": null}'])
def test_marks_that_cannot_be_read_are_named(registry, content):
    file = registry.folder / "pirate" / "marked.json"
    file.write_text(content)
    with pytest.raises(AdapterError, match=r"marked\.json cannot be read"):
        marked(registry, "pirate")


def test_a_rebuilding_is_due_until_one_was_tried():
    assert must_rebuild({2: 100.0}, trained=99.0)
    assert not must_rebuild({2: 100.0}, trained=101.0)
    assert not must_rebuild({}, trained=0.0)


def test_the_newest_version_tells_when_a_persona_was_trained(registry):
    assert trained_at(registry, "pirate") == 1767225600.0
    assert trained_at(registry, "plain") == 0.0


async def test_forgetting_a_member_marks_what_learned_from_their_words_and_deletes_them(registry, store):
    await add_taught(registry, store, a_record(), a_record(), a_record())
    rows = await Forgetting(store, registry).forget(ASKER)
    assert rows >= 3
    assert set(marked(registry, "pirate")) == {2, 3}
    assert (await store.counts())[0] == 0


async def test_forgetting_a_voter_marks_what_their_votes_chose(registry, store):
    ids = await add_taught(registry, store, a_record(), a_record(), a_record())
    await store.cast_vote(ids[0], VOTER, 1, "button")
    await Forgetting(store, registry).forget(VOTER)
    assert set(marked(registry, "pirate")) == {2}


async def test_a_member_who_left_one_server_is_forgotten_there_only(registry, store):
    await add_taught(registry, store, a_record(guild_id=7), a_record(guild_id=8), a_record(guild_id=8))
    await Forgetting(store, registry).forget(ASKER, guild_id=7)
    assert set(marked(registry, "pirate")) == {2}
    assert (await store.counts())[0] == 2


async def test_sampled_answers_go_with_the_member_whose_prompts_they_answer(registry, store):
    await store.add_reply(a_record())
    kept, gone = (samples_file(registry.folder, persona, "base" * 4) for persona in ("crow", "pirate"))
    for file in (kept, gone):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("{}")
    await Forgetting(store, registry).forget(ASKER)
    assert (kept.exists(), gone.exists()) == (True, False)


async def test_withdrawn_consent_marks_what_learned_from_the_member_and_deletes_nothing(registry, store):
    ids = await add_taught(registry, store, a_record(), a_record(), a_record())
    await store.cast_vote(ids[0], VOTER, 1, "button")
    await Forgetting(store, registry).withdraw(VOTER)
    assert set(marked(registry, "pirate")) == {2}
    assert (await store.counts())[0] == 3


async def test_a_place_where_nothing_is_learned_any_more_marks_what_learned_from_it(registry, store):
    one, two, three, _ = await add_taught(
        registry,
        store,
        a_record(guild_id=7, channel_id=70),
        a_record(guild_id=7, channel_id=71),
        a_record(guild_id=7, channel_id=72, parent_channel_id=71),
        a_record(guild_id=8, channel_id=80),
    )
    assert await store.replies_of_place(7, 71) == {"pirate": frozenset({two, three})}
    assert await store.replies_of_place(7, WHOLE_SERVER) == {"pirate": frozenset({one, two, three})}
    await Forgetting(store, registry).withdraw_place(7, 72)
    assert set(marked(registry, "pirate")) == {3}


async def test_a_snapshot_tells_what_may_train_no_longer(store, tmp_path):
    ids = [await store.add_reply(a_record(asker_id=asker, channel_id=asker)) for asker in (1, 2, 3)]
    for member in (1, 2, 3):
        await store.set_consent(member, granted=True)
    await store.set_consent(ASKER, granted=True)
    await store.set_consent(2, granted=False)
    await store.set_collection(a_record().guild_id, 3, 9, on=False)
    with open_snapshot(tmp_path / "troupe.db") as snapshot:
        assert snapshot.withdrawn({*ids, 99}) == {ids[1], ids[2]}


async def test_marks_that_cannot_be_written_do_not_hold_up_a_deletion(registry, store, caplog):
    await store.add_reply(a_record())
    (registry.folder / "pirate" / "marked.json").write_text("damaged")
    await Forgetting(store, registry).forget(ASKER)
    assert (await store.counts())[0] == 0
    assert "could not be marked for rebuilding" in caplog.text


async def test_a_snapshot_tells_which_replies_are_gone_but_only_those_it_once_had(store, tmp_path):
    ids = [await store.add_reply(a_record(asker_id=asker)) for asker in (1, 2, 3)]
    await store.delete_member(2)
    with open_snapshot(tmp_path / "troupe.db") as snapshot:
        assert snapshot.gone({*ids, ids[-1] + 1}) == {ids[1]}
        assert snapshot.gone(set()) == frozenset()
