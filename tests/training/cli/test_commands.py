"""`python -m training`: what each command prints, how it exits, and one plain sentence for whatever is wrong."""

import asyncio
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
import torch

from bot.store import open_snapshot
from bot.store.migrations import STEPS, migrate
from tests.places import REPOSITORY
from tests.tiny import write_tiny_model
from tests.training.conftest import Project, fill_store

COMMANDS = ["dataset", "train", "evaluate", "promote", "rollback", "run", "rebuild"]


@pytest.fixture
def stored(project) -> Project:
    asyncio.run(fill_store(project.database, liked=3))
    return project


def sentence(outcome) -> str:
    """The one line on stderr; a traceback would be more."""
    [line] = outcome.err.strip().splitlines()
    assert line.startswith("troupe-train: ")
    return line


def test_run_takes_a_persona_from_votes_to_a_speaking_version(stored):
    outcome = stored.cli("run", "parrot", "--json")
    facts = outcome.facts
    version = stored.registry.active("parrot")
    manifest = json.loads((version.path / "manifest.json").read_text())
    report = json.loads((stored.persona("parrot") / "reports" / "1.json").read_text())

    assert outcome.code == 0
    assert (version.number, version.sha256) == (1, facts["version"]["sha256"])
    assert facts["dataset"]["kept"] == {"liked": 3, "seed": 12, "preservation": 4}
    assert facts["promotion"]["previous"] is None
    assert manifest["dataset_sha256"] == facts["dataset"]["sha256"]
    assert manifest["rows"] == facts["dataset"]["kept"]
    with open_snapshot(stored.database) as snapshot:
        assert manifest["reply_ids"] == [reply.id for reply in snapshot.replies("parrot")]
    assert manifest["parent"] is None
    assert manifest["hyperparameters"]["rank"] == 4
    assert manifest["loss_curve"][-1]["step"] == 3
    assert set(manifest["libraries"]) == {"python", "torch", "transformers", "peft", "trl"}
    assert report == facts["report"]
    assert report["accepted"] is True
    assert report["adapter_sha256"] == version.sha256
    assert report["base_fingerprint"] == manifest["base_fingerprint"]
    assert [sample["prompt"] for sample in report["samples"]] == [f"Do you like {t}?" for t in ("sand", "milk", "wind")]


def test_the_steps_one_by_one_are_the_same_as_run(stored, tmp_path):
    assert stored.cli("run", "parrot").code == 0
    in_one = stored.registry.active("parrot")
    for step in ("dataset", "train", "evaluate", "promote"):
        assert stored.cli(step, "parrot").code == 0
    step_by_step = stored.registry.active("parrot")
    assert (in_one.number, step_by_step.number) == (1, 2)
    assert in_one.sha256 == step_by_step.sha256


def test_a_retraining_is_compared_with_the_version_that_speaks_and_can_be_rolled_back(stored):
    stored.cli("run", "parrot")
    facts = stored.cli("run", "parrot", "--seed", "8", "--epochs", "2", "--json").facts
    assert facts["report"]["compared_with"] == 1
    assert facts["report"]["figures"]["active"]["preservation_loss"] > 0
    assert facts["promotion"]["previous"] == 1
    assert facts["version"]["number"] == 2

    outcome = stored.cli("rollback", "parrot")

    assert outcome.code == 0
    assert "parrot v1 speaks now (was v2)" in outcome.out
    assert stored.registry.active_number("parrot") == 1


def test_a_refused_candidate_keeps_its_report_and_never_speaks(stored):
    stored.cli("run", "parrot")
    stored.configure("")
    config = stored.folder / "config.toml"
    config.write_text(config.read_text().replace("max_degenerate_rate = 1.0", "max_degenerate_rate = 0.0"))

    outcome = stored.cli("run", "parrot")

    assert outcome.code == 3
    assert "parrot v2: refused; it will not speak." in outcome.out
    assert "✗ degenerate answers: 3 of 3 (100%); above the allowed 0%" in outcome.out
    assert stored.registry.active_number("parrot") == 1
    assert json.loads((stored.persona("parrot") / "reports" / "2.json").read_text())["accepted"] is False
    refused = stored.cli("promote", "parrot")
    assert refused.code == 1
    assert "parrot v2 was refused by the gate" in sentence(refused)
    assert stored.cli("promote", "parrot", "--force").code == 0
    assert stored.registry.active_number("parrot") == 2


def test_dataset_shows_what_is_kept_and_dropped_and_writes_it_on_request(stored, tmp_path):
    asyncio.run(fill_store(stored.database, liked=1))
    outcome = stored.cli("dataset", "parrot", "--out", str(tmp_path / "rows"))
    rows = [json.loads(line) for line in (tmp_path / "rows" / "sft.jsonl").read_text().splitlines()]
    assert outcome.code == 0
    assert "1 × says the same as another row" in outcome.out
    assert len(rows) == 3 + 12 + 4
    assert rows[0]["completion"][0]["role"] == "assistant"
    assert "15 pairs in the persona's own voice are few" in outcome.err


def test_enough_liked_conversations_are_partly_held_out_and_measured(project):
    asyncio.run(fill_store(project.database, liked=40))
    facts = project.cli("run", "parrot", "--json").facts
    held_out = facts["dataset"]["heldout"]
    assert 1 <= held_out <= 10
    assert facts["dataset"]["kept"]["liked"] == 40 - held_out
    assert facts["report"]["heldout"]["liked"] == held_out
    assert facts["report"]["figures"]["candidate"]["liked_loss"] < facts["report"]["figures"]["base"]["liked_loss"]


def test_rebuild_needs_no_database_and_gives_the_same_adapter_again(project):
    assert project.cli("rebuild", "parrot").code == 0
    first = project.registry.active("parrot")
    manifest = (first.path / "manifest.json").read_bytes()
    assert not project.database.exists()

    assert project.cli("rebuild", "parrot").code == 0

    assert project.registry.active("parrot") == first
    assert (first.path / "manifest.json").read_bytes() == manifest
    assert project.registry.numbers("parrot") == [1]


def test_rebuild_refuses_a_database_it_cannot_be_judged_by_before_it_trains(stored):
    for file in stored.database.parent.glob(f"{stored.database.name}*"):
        file.unlink()
    with closing(sqlite3.connect(stored.database, isolation_level=None)) as database:
        migrate(database, STEPS[:2])

    outcome = stored.cli("rebuild", "parrot")

    assert outcome.code == 1
    assert "was written by an older Troupe (schema 2" in sentence(outcome)
    assert stored.registry.numbers("parrot") == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_training_that_is_interrupted_ends_at_once_and_leaves_only_its_checkpoints(stored, tmp_path, number, code):
    (tmp_path / "scratch").mkdir()
    command = [sys.executable, "-m", "training", "train", "parrot", "--epochs", "10000"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "FORCE_COLOR": "1", "TMPDIR": str(tmp_path / "scratch")}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as child:
        drawn = b""
        while not re.search(rb"loss \d", drawn):
            drawn += child.stderr.read1()
        child.send_signal(number)
        rest = child.stderr.read()
    assert child.returncode == code
    assert b"Traceback" not in rest
    assert stored.registry.numbers("parrot") == []
    left = {path.name.partition("-")[0] for path in (stored.persona("parrot") / "versions").iterdir()}
    assert left == {".lock", ".run"}
    assert list((tmp_path / "scratch").iterdir()) == []
    assert stored.cli("train", "parrot").code == 0


def test_a_persona_without_held_out_prompts_is_judged_by_its_losses(stored):
    (stored.persona("parrot") / "heldout.jsonl").unlink()
    outcome = stored.cli("run", "parrot")
    assert outcome.code == 0
    assert re.search(r"– not measured: .*degenerate answers", outcome.out)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_persona_that_does_not_exist_is_named_with_those_that_do(project, command):
    outcome = project.cli(command, "nobody")
    assert outcome.code == 1
    assert sentence(outcome).endswith("There is no persona called “nobody”. Choose one of these: mute, parrot.")


@pytest.mark.parametrize("command", ["dataset", "train", "run"])
def test_a_missing_database_is_named(project, command):
    outcome = project.cli(command, "parrot")
    assert outcome.code == 1
    assert "troupe.db does not exist: run the bot first" in sentence(outcome)
    assert project.registry.versions("parrot") == []


def test_a_database_of_a_newer_version_is_refused(stored):
    with sqlite3.connect(stored.database) as connection:
        connection.execute("PRAGMA user_version = 9999")
    connection.close()
    outcome = stored.cli("run", "parrot")
    assert outcome.code == 1
    assert "newer" in sentence(outcome)


def test_a_database_that_is_no_database_is_refused(project):
    project.database.parent.mkdir()
    project.database.write_text("not a database at all, but long enough to be looked at" * 20)
    outcome = project.cli("train", "parrot")
    assert outcome.code == 1
    assert "troupe.db" in sentence(outcome)


def test_a_persona_without_examples_and_votes_is_refused_with_counts(stored):
    outcome = stored.cli("train", "mute")
    assert outcome.code == 1
    assert "mute: 0 usable rows (0 seed pairs, 0 liked replies, 0 corrections)" in sentence(outcome)


def test_a_bad_line_of_examples_is_named(stored):
    examples = stored.persona("parrot") / "examples.jsonl"
    examples.write_text(examples.read_text() + '{"prompt": "no answer"}\n')
    outcome = stored.cli("train", "parrot")
    assert outcome.code == 1
    assert "examples.jsonl:13: needs non-empty text for completion, prompt" in sentence(outcome)


@pytest.mark.parametrize("command", ["evaluate", "promote"])
def test_without_a_version_the_next_step_is_named(project, command):
    outcome = project.cli(command, "parrot")
    assert outcome.code == 1
    assert "parrot has no trained version yet: run `python -m training train parrot`" in sentence(outcome)


def test_weights_edited_by_hand_are_refused_and_the_active_version_goes_on_speaking(stored):
    stored.cli("run", "parrot")
    stored.cli("train", "parrot", "--seed", "8")
    weights = stored.registry.version("parrot", 2).path / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-2] + b"\0\1")
    for command in (["evaluate", "parrot"], ["promote", "parrot", "--force"]):
        outcome = stored.cli(*command)
        assert outcome.code == 1
        assert "it was changed after training" in sentence(outcome)
    assert stored.registry.active_number("parrot") == 1


def test_a_changed_base_model_is_told_for_the_candidate_and_set_aside_for_the_rival(stored, tmp_path):
    stored.cli("run", "parrot")
    other = write_tiny_model(tmp_path / "other", seed=5)
    config = stored.folder / "config.toml"
    base = next(line for line in config.read_text().splitlines() if line.startswith("base ="))
    config.write_text(config.read_text().replace(base, f'base = "{other}"'))

    outcome = stored.cli("evaluate", "parrot")
    assert outcome.code == 1
    assert "parrot v1 was trained on another base model" in sentence(outcome)

    retrained = stored.cli("run", "parrot", "--json")
    assert retrained.code == 0
    assert retrained.facts["report"]["compared_with"] is None
    assert stored.registry.active_number("parrot") == 2


@pytest.mark.parametrize(
    ("line", "fragment"),
    [
        ("[training]\nepoch = 3", "epoch"),
        ("[feedback]\nask_consent = 3.5", "feedback.ask_consent = 3.5"),
    ],
)
def test_a_bad_configuration_names_the_key(project, line, fragment):
    config = project.folder / "config.toml"
    config.write_text(config.read_text().replace("[training]", line, 1) if "[training]" in line else line)
    outcome = project.cli("train", "parrot")
    assert outcome.code == 1
    assert fragment in sentence(outcome)


@pytest.mark.parametrize(
    ("variable", "value", "fragment"),
    [
        ("TROUPE_TRAINING__RANK", "8", "training.rank = 8: the engine serves ranks up to engine.max_rank = 4"),
        pytest.param(
            "TROUPE_TRAINING__PRECISION",
            "nf4",
            "training.precision = 'nf4'",
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="refused only without CUDA"),
        ),
        ("TROUPE_MODEL__BASE", "/no/such/model", "/no/such/model"),
    ],
)
def test_settings_that_cannot_work_are_refused_before_any_training(stored, monkeypatch, variable, value, fragment):
    monkeypatch.setenv(variable, value)
    outcome = stored.cli("train", "parrot")
    assert outcome.code == 1
    assert fragment in sentence(outcome)
    assert stored.registry.versions("parrot") == []


def test_with_json_an_error_is_an_object_too(project):
    outcome = project.cli("train", "nobody", "--json")
    assert outcome.code == 1
    assert "nobody" in json.loads(outcome.err)["error"]


@pytest.mark.parametrize("arguments", [[], ["fly", "parrot"], ["train"], ["promote", "parrot", "--number", "0"]])
def test_wrong_usage_exits_with_2(project, arguments):
    assert project.cli(*arguments).code == 2


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_help_text_for_itself_and_each_option(project, command):
    outcome = project.cli(command, "--help")
    assert outcome.code == 0
    assert "PERSONA" in outcome.out
    assert "--config" in outcome.out
