import asyncio
import json
import sys
from pathlib import Path

import pytest

from bot.personas.catalog import PersonaCatalog
from bot.retraining.runs import TrainingRuns
from bot.retraining.schedule import Retraining, interval
from bot.store import Store
from bot.versions.canary import Canary, write_canary
from bot.versions.rebuild_marks import mark
from bot.versions.registry import AdapterRegistry
from tests.store.samples import VOTER, a_record
from tests.waiting import until

PROGRAM = (sys.executable, str(Path(__file__).parents[1] / "scripted_training.py"))
DAY = 86_400.0
NOW = 20_000 * DAY


@pytest.fixture
async def store(tmp_path):
    store = await Store.open(tmp_path / "troupe.db")
    yield store
    await store.close()


@pytest.fixture
def retraining(tmp_path, store):
    folder = tmp_path / "adapters"
    for name in ("pirate", "plain"):
        (folder / name).mkdir(parents=True)
        (folder / name / "persona.toml").write_text(f'name = "{name}"\ndisplay_name = "X"\ndescription = "Y"\n')
    runs = TrainingRuns(None, tmp_path, PROGRAM)
    return Retraining(
        runs, store, AdapterRegistry(folder), PersonaCatalog(folder), every_seconds=DAY, min_new_votes=2,
        clock=lambda: NOW,
    )  # fmt: skip


def trained(tmp_path: Path, made: str) -> None:
    version = tmp_path / "adapters" / "pirate" / "versions" / "1"
    version.mkdir(parents=True)
    (version / "manifest.json").write_text(json.dumps({"adapter_sha256": "ab", "created_at": made}))


async def vote(store: Store, votes: int) -> None:
    for voter in range(votes):
        await store.cast_vote(await store.add_reply(a_record()), VOTER + voter, 1, "button")


def test_intervals_are_hours_or_days():
    assert [interval(text) for text in ("off", "24h", "7d")] == [None, DAY, 7 * DAY]


async def test_a_persona_with_enough_new_votes_is_due(retraining, store):
    await vote(store, 1)
    assert await retraining.due() == []
    await vote(store, 1)
    assert await retraining.due() == ["pirate"]


async def test_votes_from_before_the_last_training_count_no_more(retraining, store, tmp_path):
    await vote(store, 5)
    trained(tmp_path, "2199-01-01T00:00:00+00:00")
    assert await retraining.due() == []


async def test_a_training_that_is_recent_is_not_repeated(retraining, store, tmp_path):
    await vote(store, 5)
    trained(tmp_path, "2024-10-03T12:00:00+00:00")  # half a day before NOW
    assert await retraining.due() == []


async def test_what_is_due_is_trained_and_not_tried_again_at_once(retraining, store, caplog):
    caplog.set_level("INFO")
    await vote(store, 2)
    await retraining.train("pirate")
    assert "pirate: the scheduled training made v2: accepted" in caplog.text
    assert await retraining.due() == []


async def test_a_failure_is_in_the_log_with_its_reason(retraining, tmp_path, caplog):
    (tmp_path / "script.json").write_text(json.dumps({"error": "There are too few rows."}))
    await retraining.train("pirate")
    assert "pirate: the scheduled training failed: There are too few rows." in caplog.text


async def test_what_holds_deleted_words_is_due_at_once_and_first_also_without_a_schedule(tmp_path, store, retraining):
    trained(tmp_path, "2020-01-01T00:00:00+00:00")
    manifest = tmp_path / "adapters" / "pirate" / "versions" / "1" / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "reply_ids": [1]}))
    registry, catalog = AdapterRegistry(tmp_path / "adapters"), PersonaCatalog(tmp_path / "adapters")
    unscheduled = Retraining(
        TrainingRuns(None, tmp_path, PROGRAM), store, registry, catalog, every_seconds=None, min_new_votes=2
    )
    assert await unscheduled.due() == []
    mark(registry, "pirate", [1])
    assert await unscheduled.due() == ["pirate"]
    await unscheduled.train("pirate")
    assert await unscheduled.due() == []


async def test_votes_on_a_canary_are_heard_and_what_they_decide_is_told_in_the_log(tmp_path, retraining, caplog):
    assert await retraining.settle("pirate") is False
    assert not (tmp_path / "seen.json").exists(), "no process is started for nothing"
    write_canary(AdapterRegistry(tmp_path / "adapters"), "pirate", Canary(2, 0.2, NOW))
    assert await retraining.settle("pirate") is True
    assert "pirate: canary v2: roll back; it was liked less" in caplog.text


async def test_a_canary_whose_votes_cannot_be_heard_is_told_in_the_log(tmp_path, retraining, caplog):
    write_canary(AdapterRegistry(tmp_path / "adapters"), "pirate", Canary(2, 0.2, NOW))
    (tmp_path / "script.json").write_text('{"error": "The disk is full."}')
    assert await retraining.settle("pirate") is True
    assert "could not be counted: The disk is full." in caplog.text


@pytest.mark.parametrize("text", ['{"1": Infinity}', '{"a":' * 100_000, "[]"])
async def test_one_personas_broken_marks_keep_no_other_from_being_due(tmp_path, store, retraining, caplog, text):
    await vote(store, 2)
    (tmp_path / "adapters" / "plain" / "marked.json").write_text(text)
    assert await retraining.due() == ["pirate"]
    assert "plain: " in caplog.text


async def test_the_schedule_outlives_what_nobody_thought_of(tmp_path, store):
    class Counted(Store):
        async def votes_since(self, persona, since):
            asked.append(persona)
            raise ZeroDivisionError

    asked: list[str] = []
    folder = tmp_path / "adapters" / "pirate"
    folder.mkdir(parents=True)
    (folder / "persona.toml").write_text('name = "pirate"\ndisplay_name = "X"\ndescription = "Y"\n')
    crashing = await Counted.open(tmp_path / "crashing.db")
    schedule = Retraining(
        TrainingRuns(None, tmp_path, PROGRAM), crashing, AdapterRegistry(folder.parent), PersonaCatalog(folder.parent),
        every_seconds=0.001, min_new_votes=2,
    )  # fmt: skip
    watch = asyncio.create_task(schedule.watch())
    await until(lambda: len(asked) > 2)
    watch.cancel()
    await crashing.close()


async def test_a_mark_of_the_future_is_rebuilt_once(tmp_path, store, retraining):
    trained(tmp_path, "2020-01-01T00:00:00+00:00")
    (tmp_path / "adapters" / "pirate" / "marked.json").write_text('{"1": 99999999999}')
    assert await retraining.due() == ["pirate"]
    await retraining.train("pirate")
    assert await retraining.due() == []
