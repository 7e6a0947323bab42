"""Trainings as subprocesses, with a program that prints what `python -m training` prints."""

import asyncio
import io
import json
import os
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bot.retraining.runs import AlreadyTraining, TrainingFailed, TrainingProgress, TrainingRuns, progress_in
from tests.waiting import until
from training.progress import training_bar

PROGRAM = (sys.executable, str(Path(__file__).parents[1] / "scripted_training.py"))


@pytest.fixture
def runs(tmp_path):
    return TrainingRuns(tmp_path / "config.toml", tmp_path, PROGRAM)


def script(folder: Path, **what: object) -> None:
    (folder / "script.json").write_text(json.dumps(what))


async def followed(runs: TrainingRuns, persona: str = "pirate"):
    async with runs.train(persona) as run:
        return [progress async for progress in run], run.outcome


async def test_a_training_tells_its_progress_and_its_verdict(runs):
    progress, outcome = await followed(runs)
    assert progress == [
        TrainingProgress(1, 4, None),
        TrainingProgress(2, 4, 1.0),
        TrainingProgress(3, 4, 0.667),
        TrainingProgress(4, 4, 0.5),
    ]
    assert (outcome.accepted, outcome.number, outcome.refusals) == (True, 2, [])
    assert runs.running == []


async def test_it_runs_on_the_bots_configuration_without_its_token(runs, tmp_path, monkeypatch):
    monkeypatch.setenv("DISCORD_TOKEN", "secret")
    await followed(runs)
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert seen["argv"] == ["run", "pirate", "--json", "--config", str(tmp_path / "config.toml")]
    assert (seen["token"], seen["color"]) == (False, "1")


async def test_a_refusal_is_an_outcome_and_a_failure_is_its_sentence(runs, tmp_path):
    script(tmp_path, accepted=False)
    assert (await followed(runs))[1].accepted is False
    script(tmp_path, error="There are too few rows.")
    with pytest.raises(TrainingFailed, match=r"^There are too few rows\.$"):
        await followed(runs)
    assert runs.running == []


async def test_one_training_runs_at_a_time_and_others_wait_for_their_turn(runs, tmp_path, monkeypatch):
    monkeypatch.setattr("bot.retraining.runs.PATIENCE", 0.1)
    script(tmp_path, hangs=True)
    async with runs.train("pirate") as run:
        assert await anext(aiter(run)) == TrainingProgress(1, 4, 2.0)
        with pytest.raises(AlreadyTraining, match="pirate is already being trained"):
            await followed(runs)
        script(tmp_path)
        waiting = asyncio.create_task(followed(runs, "sarcastic"))
        await asyncio.sleep(0)
        with pytest.raises(AlreadyTraining, match="sarcastic"):
            await followed(runs, "sarcastic")
        assert runs.running == ["pirate"]
        await run.stop()
    assert (await waiting)[1].accepted
    assert runs.running == []


async def test_who_waits_when_the_bot_stops_never_begins(runs, tmp_path, monkeypatch):
    monkeypatch.setattr("bot.retraining.runs.PATIENCE", 0.1)
    script(tmp_path, hangs=True)
    async with runs.train("pirate"):
        waiting = asyncio.create_task(followed(runs, "sarcastic"))
        await asyncio.sleep(0)
        await runs.stop()
    with pytest.raises(TrainingFailed, match="before its turn"):
        await waiting


async def test_what_still_runs_is_ended_when_the_bot_stops(runs, tmp_path, monkeypatch):
    monkeypatch.setattr("bot.retraining.runs.PATIENCE", 0.1)  # the program ignores SIGTERM
    script(tmp_path, hangs=True)
    task = asyncio.create_task(followed(runs))
    await until((tmp_path / "seen.json").exists)
    await runs.stop()
    with pytest.raises(TrainingFailed, match="was ended"):
        await task


async def test_a_cancelled_training_leaves_no_process(runs, tmp_path, monkeypatch):
    monkeypatch.setattr("bot.retraining.runs.PATIENCE", 0.1)
    script(tmp_path, hangs=True)
    async with runs.train("pirate") as run:
        await anext(aiter(run))
        group = json.loads((tmp_path / "seen.json").read_text())["pid"]
        os.killpg(group, 0)  # it is there
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


async def test_a_program_that_is_missing_is_a_sentence(tmp_path):
    with pytest.raises(TrainingFailed, match="could not be started"):
        await followed(TrainingRuns(None, tmp_path, (str(tmp_path / "absent"),)))


async def test_a_rollback_is_done_by_the_program_too(runs, tmp_path):
    assert (await runs.rollback("pirate", 1))["number"] == 1
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert seen["argv"][:5] == ["rollback", "pirate", "--to", "1", "--json"]
    script(tmp_path, error="pirate: v1 speaks already.")
    with pytest.raises(TrainingFailed, match="v1 speaks already"):
        await runs.rollback("pirate", 1)


COUNTS = st.integers(0, 10**9 - 1)


@given(COUNTS, COUNTS, st.floats(0, 1e6).map("{:.3f}".format) | st.just("…"), st.sampled_from(["", "━━╸", "━━╺━━ "]))
def test_a_line_of_the_bar_tells_its_figures(step, steps, loss, bar):
    progress = progress_in(f"pirate {bar} {step}/{steps} loss {loss} 0:00:01 left -:--:--")
    assert progress == TrainingProgress(step, steps, None if loss == "…" else float(loss))
    assert 0.0 <= progress.share <= 1.0


@given(st.from_regex(r"(\S+ )?[━╸╺ ]*\d*/\d*( loss)?( \S+)?") | st.text(max_size=200))
def test_no_line_is_mistaken_for_more_than_it_says(line):
    progress = progress_in(line)
    assert progress is None or 0.0 <= progress.share <= 1.0


@pytest.mark.parametrize(
    "line",
    [
        "",
        "pirate 3/4",
        "loss 0.5",
        "pirate ━━ x/4 loss 0.5",
        "pirate ━━ 3 loss 0.5",
        f"pirate ━━ {'9' * 5000}/1 loss 1",
    ],
)
def test_a_line_that_is_no_bar_is_no_progress(line):
    assert progress_in(line) is None


def test_the_bar_that_training_draws_is_understood():
    terminal = io.StringIO()
    with training_bar(Console(file=terminal, force_terminal=True, width=120), "pirate") as on_step:
        on_step(3, 4, 0.25)
    drawn = re.split(r"[\r\n]", terminal.getvalue())
    shown = [progress_in(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line)) for line in drawn]
    assert TrainingProgress(3, 4, 0.25) in shown
