"""`training due` and `training forget`: what is retrained when, and what goes with a member who asks."""

import asyncio

import pytest

from bot.config import load_config
from bot.store import Store
from bot.versions.rebuild_marks import mark, marked
from tests.training.conftest import ASKER, STRANGER, Project, add_version, fill_store, reply_record
from training.cli.upkeep import find_due


@pytest.fixture
def stored(project) -> Project:
    asyncio.run(fill_store(project.database, liked=3))
    return project


def due(project: Project) -> list[tuple[str, str]]:
    return [(d.persona, d.why) for d in find_due(load_config(project.folder / "config.toml"))]


async def deleted(project: Project, member: int) -> None:
    """As the bot deletes without knowing of versions: a channel that is gone, a message that was taken back."""
    store = await Store.open(project.database)
    await store.delete_member(member)
    await store.close()


async def voted(project: Project, persona: str, votes: int) -> None:
    store = await Store.open(project.database)
    for _ in range(votes):
        await store.cast_vote(await store.add_reply(reply_record(persona=persona)), STRANGER, 1, "button")
    await store.close()


def test_a_persona_is_due_once_it_has_enough_new_votes(stored):
    asyncio.run(voted(stored, "mute", 19))
    assert due(stored) == []
    asyncio.run(voted(stored, "mute", 1))
    assert due(stored) == [("mute", "20 new votes")]


def test_what_holds_deleted_words_comes_first_also_when_nobody_marked_it(stored):
    add_version(stored, "parrot", reply_ids=[1, 2])
    asyncio.run(voted(stored, "mute", 20))
    asyncio.run(deleted(stored, ASKER))
    asyncio.run(voted(stored, "mute", 20))
    assert due(stored) == [("parrot", "v1 learned from words that are deleted by now"), ("mute", "20 new votes")]
    assert set(marked(stored.registry, "parrot")) == {1}


def test_versions_of_another_database_are_left_alone(stored):
    add_version(stored, "parrot", reply_ids=[2**62, 2**62 + 1])  # newer than any reply here
    assert due(stored) == []


def test_with_nothing_due_nothing_happens(stored):
    outcome = stored.cli("due")
    assert (outcome.code, outcome.out.strip()) == (0, "Nothing is due.")


def test_a_dry_run_says_what_is_due_and_trains_nothing(stored):
    add_version(stored, "parrot", reply_ids=[1])
    mark(stored.registry, "parrot", [1])
    outcome = stored.cli("due", "--dry-run", "--json")
    assert outcome.facts["due"][0]["persona"] == "parrot"
    assert outcome.facts["results"] == []
    assert stored.registry.numbers("parrot") == [1]


def test_a_persona_that_cannot_be_trained_does_not_keep_the_others_waiting(stored):
    asyncio.run(voted(stored, "mute", 20))
    asyncio.run(voted(stored, "parrot", 20))
    outcome = stored.cli("due", "--json")
    results = {result["persona"]: result for result in outcome.facts["results"]}
    assert outcome.code == 1
    assert "usable rows" in results["mute"]["error"]
    assert results["parrot"]["promotion"]["number"] == 1


def test_forgetting_a_member_rebuilds_what_learned_from_them_and_deletes_the_old_version(stored):
    add_version(stored, "parrot", reply_ids=[1, 2, 3])
    stored.registry.activate("parrot", 1)
    outcome = stored.cli("forget", "--member", str(ASKER), "--json")
    [result] = outcome.facts["results"]
    assert outcome.code == 0
    assert outcome.facts["marked"] == ["parrot"]
    assert result["withdrawn"] == [1]
    assert result["version"]["number"] == 2
    assert result["report"]["compared_with"] is None, "what holds deleted words is no standard"
    assert stored.registry.numbers("parrot") == [2]
    assert stored.registry.active_number("parrot") == 2
    assert marked(stored.registry, "parrot") == {}
    assert due(stored) == []


def test_a_rebuilding_that_the_gate_refuses_keeps_the_mark_and_is_not_repeated(stored):
    add_version(stored, "parrot", reply_ids=[1, 2, 3])
    stored.registry.activate("parrot", 1)
    stored.cli("forget", "--member", str(ASKER), "--no-rebuild")
    config = stored.folder / "config.toml"
    config.write_text(
        config.read_text().replace("max_preservation_loss_ratio = 1.5", "max_preservation_loss_ratio = 0.1")
    )
    assert stored.cli("due").code == 3
    assert stored.registry.active_number("parrot") == 1
    assert set(marked(stored.registry, "parrot")) == {1}
    assert due(stored) == []


def test_forgetting_somebody_unknown_changes_nothing(stored):
    outcome = stored.cli("forget", "--member", "424242", "--json")
    assert (outcome.code, outcome.facts) == (0, {"rows": 0, "marked": [], "results": []})


@pytest.mark.parametrize("arguments", [["due"], ["forget", "--member", "1"]])
def test_without_a_database_the_remedy_is_named(project, arguments):
    outcome = project.cli(*arguments)
    assert outcome.code == 1
    assert "troupe.db does not exist" in outcome.err


def test_what_is_left_by_one_member_does_not_keep_deleted_words_speaking(stored):
    stored.cli("run", "parrot")
    config = stored.folder / "config.toml"
    config.write_text(config.read_text().replace("min_voters = 1", "min_voters = 2"))
    outcome = stored.cli("forget", "--member", str(ASKER), "--json")
    [result] = outcome.facts["results"]
    assert result["withdrawn"] == [1]
    assert result["version"]["number"] == 2
    assert stored.registry.numbers("parrot") == [2]
