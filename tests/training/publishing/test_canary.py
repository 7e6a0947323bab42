"""Canaries: when votes have said enough, and what then happens on disk."""

import asyncio
import random
import time
from typing import Any

import pytest

from bot.errors import AdapterError, PublishError
from bot.store import Store, open_snapshot
from bot.versions.canary import Canary, last_change, read_canary
from bot.versions.registry import AdapterRegistry, AdapterVersion
from tests.training.conftest import reply_record
from tests.training.publishing.versions import accept, add
from training.publishing import canary_lifecycle, publish
from training.publishing.canary_decision import Decision, Patience, Votes, evidence, hear

PATIENCE = Patience(error=0.05, most_votes=200, most_days=7.0)


@pytest.fixture
def registry(tmp_path) -> AdapterRegistry:
    (tmp_path / "parrot").mkdir()
    return AdapterRegistry(tmp_path)


@pytest.fixture
def candidate(registry) -> AdapterVersion:
    """Version 1 speaks; version 2 is accepted."""
    publish.promote(registry, add(registry, b"first"), force=True)
    version = add(registry, b"second")
    accept(registry, version)
    return version


def hear_votes(registry: AdapterRegistry, tmp_path, votes: list[tuple[int, int, Any]], ago: float = 0.0):
    """`votes`: version, voter, value; each on a reply of its own, said `ago` seconds ago."""

    async def cast() -> None:
        store = await Store.open(tmp_path / "troupe.db")
        for number, voter, value in votes:
            reply = await store.add_reply(reply_record(adapter_number=number, created_at=time.time() - ago))
            await store.cast_vote(reply, voter, value, "button")
        await store.close()

    asyncio.run(cast())
    with open_snapshot(tmp_path / "troupe.db") as snapshot:
        return canary_lifecycle.settle(registry, "parrot", snapshot, PATIENCE)


def test_a_clear_difference_ends_a_canary_early_either_way():
    good, bad = Votes(36, 4), Votes(12, 28)
    assert hear(good, bad, 0.1, PATIENCE).decision is Decision.PROMOTE
    worse = hear(bad, good, 0.1, PATIENCE)
    assert worse.decision is Decision.ROLL_BACK
    assert "liked in 12 of 40, the active version in 36 of 40: worse" in worse.reason


@pytest.mark.parametrize(
    ("canary", "active"), [(Votes(0, 0), Votes(0, 0)), (Votes(3, 0), Votes(0, 3)), (Votes(20, 20), Votes(22, 18))]
)
def test_too_few_or_too_similar_votes_wait(canary, active):
    assert hear(canary, active, 1.0, PATIENCE).decision is Decision.WAIT


def test_when_patience_ends_the_larger_share_wins_and_a_tie_goes_to_the_accepted_version():
    assert hear(Votes(101, 99), Votes(50, 52), 1.0, PATIENCE).decision is Decision.PROMOTE
    assert hear(Votes(9, 11), Votes(10, 10), 7.0, PATIENCE).decision is Decision.ROLL_BACK
    assert hear(Votes(0, 0), Votes(0, 0), 8.0, PATIENCE).decision is Decision.PROMOTE


def test_without_votes_there_is_no_evidence_and_huge_counts_do_not_overflow():
    assert evidence(Votes(0, 0), Votes(0, 0)) == pytest.approx(1.0)
    assert evidence(Votes(10**6, 0), Votes(0, 10**6)) > 1e300
    assert evidence(Votes(10**6, 10**6), Votes(10**6, 10**6)) < 1.0


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_looking_after_every_vote_tells_equal_versions_apart_no_more_often_than_promised(rate):
    chance = random.Random(f"equal {rate}")
    mistaken = 0
    for _ in range(300):
        counts = [[0, 0], [0, 0]]
        for _ in range(200):
            counts[chance.random() < 0.5][chance.random() < rate] += 1
            one, other = (Votes(likes, dislikes) for dislikes, likes in counts)
            if evidence(one, other) >= 20:
                mistaken += 1
                break
    assert mistaken <= 0.05 * 300


def test_a_channel_keeps_its_version_and_about_the_share_of_channels_hears_the_canary():
    canary = Canary(2, 0.2, 0.0)
    heard = [canary.is_canary_channel("parrot", channel) for channel in range(5000)]
    assert heard == [canary.is_canary_channel("parrot", channel) for channel in range(5000)]
    assert 0.17 < sum(heard) / 5000 < 0.23
    assert heard != [Canary(3, 0.2, 0.0).is_canary_channel("parrot", channel) for channel in range(5000)]


def test_a_canary_starts_beside_the_active_version(registry, candidate):
    started = canary_lifecycle.start(registry, candidate, 0.2)
    assert read_canary(registry, "parrot") == started
    assert registry.active_number("parrot") == 1
    assert last_change(registry, "parrot")["action"] == "canary"


def test_a_refused_version_is_no_canary(registry, candidate):
    accept(registry, candidate, accepted=False)
    with pytest.raises(PublishError, match="refused by the gate"):
        canary_lifecycle.start(registry, candidate, 0.2)
    assert read_canary(registry, "parrot") is None


def test_the_first_version_to_speak_is_no_canary(registry):
    version = add(registry)
    accept(registry, version)
    with pytest.raises(PublishError, match="promote without --canary"):
        canary_lifecycle.start(registry, version, 0.2)


def test_a_better_canary_is_promoted_with_the_reason_kept(registry, candidate, tmp_path):
    canary_lifecycle.start(registry, candidate, 0.2)
    votes = [(2, voter, 1) for voter in range(30)] + [(1, voter, -1) for voter in range(30)]
    assert hear_votes(registry, tmp_path, votes).hearing.decision is Decision.PROMOTE
    assert registry.active_number("parrot") == 2
    assert read_canary(registry, "parrot") is None
    assert "liked in 30 of 30" in last_change(registry, "parrot")["reason"]
    assert publish.rollback(registry, "parrot").version.number == 1


def test_a_worse_canary_is_rolled_back_and_never_counts_as_having_spoken(registry, candidate, tmp_path):
    canary_lifecycle.start(registry, candidate, 0.2)
    votes = [(2, voter, -1) for voter in range(30)] + [(1, voter, 1) for voter in range(30)]
    assert hear_votes(registry, tmp_path, votes).hearing.decision is Decision.ROLL_BACK
    assert registry.active_number("parrot") == 1
    assert read_canary(registry, "parrot") is None
    assert last_change(registry, "parrot")["action"] == "canary rolled back"
    with pytest.raises(PublishError, match="first version that spoke"):
        publish.rollback(registry, "parrot")


def test_one_member_decides_nothing_alone(registry, candidate, tmp_path):
    canary_lifecycle.start(registry, candidate, 0.2)
    votes = [(2, 7, -1)] * 60 + [(1, voter, 1) for voter in range(4)]
    settled = hear_votes(registry, tmp_path, votes)
    assert settled.hearing.decision is Decision.WAIT
    assert "liked in 0 of 5" in settled.hearing.reason


def test_votes_from_before_the_canary_do_not_count(registry, candidate, tmp_path):
    canary_lifecycle.start(registry, candidate, 0.2)
    settled = hear_votes(registry, tmp_path, [(2, voter, -1) for voter in range(40)], ago=60.0)
    assert "the canary was liked in no votes" in settled.hearing.reason


def test_a_promotion_ends_the_canary(registry, candidate):
    canary_lifecycle.start(registry, candidate, 0.2)
    publish.promote(registry, add(registry, b"third"), force=True)
    assert read_canary(registry, "parrot") is None


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"number": 2, "share": 1.5, "since": 0}', '{"number": 2}'])
def test_a_canary_file_that_cannot_be_read_is_named(registry, candidate, content):
    (registry.folder / "parrot" / "canary.json").write_text(content)
    with pytest.raises(AdapterError, match=r"canary\.json"):
        read_canary(registry, "parrot")


def test_without_a_canary_there_is_nothing_to_settle(registry, candidate, tmp_path):
    assert hear_votes(registry, tmp_path, []) is None


@pytest.mark.usefixtures("candidate")
def test_the_persona_may_be_rolled_back_while_a_canary_speaks(registry):
    publish.promote(registry, registry.version("parrot", 2))
    third = add(registry, b"third")
    accept(registry, third)
    canary_lifecycle.start(registry, third, 0.2)
    assert publish.rollback(registry, "parrot").version.number == 1
    assert read_canary(registry, "parrot") is None


def test_the_commands_start_hear_and_end_a_canary(project, tiny_base):
    registry = project.registry
    publish.promote(registry, add(registry, b"first", tiny_base.fingerprint), force=True)
    accept(registry, add(registry, b"second", tiny_base.fingerprint))
    asyncio.run(_empty_store(project.database))
    assert project.cli("promote", "parrot", "--canary", "0.2", "--json").facts["canary"] == 0.2
    [heard] = project.cli("settle", "--json").facts["canaries"]
    assert (heard["persona"], heard["decision"]) == ("parrot", "wait")
    assert "v1 speaks everywhere again" in project.cli("rollback", "parrot").out
    assert project.cli("settle").out.strip() == "There is no canary."
    assert registry.active_number("parrot") == 1


async def _empty_store(database) -> None:
    await (await Store.open(database)).close()


def test_with_a_share_in_the_configuration_a_training_ends_in_a_canary(project):
    asyncio.run(_empty_store(project.database))
    project.cli("train", "parrot")
    project.cli("promote", "parrot", "--force")
    project.configure("\n[canary]\nshare = 0.25\n")
    outcome = project.cli("run", "parrot", "--json")
    assert outcome.code == 0
    assert (outcome.facts["canary"], outcome.facts["promotion"]) == (0.25, None)
    assert read_canary(project.registry, "parrot").number == 2
    assert project.registry.active_number("parrot") == 1
