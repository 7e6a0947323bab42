"""Asking versions through the engine: mixed, in order, and never twice the same."""

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import pytest

from bot.engine import FinishReason, SamplingParams
from bot.errors import GenerationFailed
from bot.versions.registry import AdapterVersion
from tests.fakes import ScriptedEngine
from tests.waiting import until
from training.dataset.answer_quality import Flaw
from training.judging.answer_cache import AnswerMemory, Said
from training.judging.measuring import EvalQuestion, Version, collect_answers

V1 = AdapterVersion("parrot", 1, "aa", Path("1"))


def question(prompt: str, **changes: Any) -> EvalQuestion:
    return EvalQuestion(prompt, tuple(map(ord, prompt)), SamplingParams(temperature=0.0), **changes)


@pytest.fixture
def memory(tmp_path) -> AnswerMemory:
    return AnswerMemory(tmp_path / "answers" / "parrot.json", "base fp32")


def quiet(_what: str, _share: float) -> None:
    pass


async def test_each_version_answers_its_own_questions_in_order_and_they_mix_in_the_batch(memory):
    engine = ScriptedEngine()
    for text in ("v1 first", "base first", "v1 second"):
        engine.says(text)
    answers = await collect_answers(engine, {V1: [question("a"), question("b")], None: [question("a")]}, memory, quiet)
    assert [answer.text for answer in answers[V1]] == ["v1 first", "v1 second"]
    assert [answer.text for answer in answers[None]] == ["base first"]
    assert [request.adapter for request in engine.requests] == [V1, None, V1]


async def test_what_was_asked_before_is_remembered_over_a_restart(memory, tmp_path):
    await collect_answers(ScriptedEngine("Squawk."), {V1: [question("a")]}, memory, quiet)
    memory.save()
    again, engine = AnswerMemory(tmp_path / "answers" / "parrot.json", "base fp32"), ScriptedEngine("Another.")
    answers = await collect_answers(engine, {V1: [question("a"), question("b")], None: [question("a")]}, again, quiet)
    assert [answer.text for answer in answers[V1]] == ["Squawk.", "Another."]
    assert answers[None][0].text == "Another."
    assert len(engine.requests) == 2


async def test_answers_of_another_base_model_or_sampling_are_not_remembered(memory, tmp_path):
    await collect_answers(ScriptedEngine("Squawk."), {None: [question("a")]}, memory, quiet)
    memory.save()
    other = AnswerMemory(tmp_path / "answers" / "parrot.json", "other base")
    assert other.recall(None, question("a").ids, question("a").sampling) is None
    warmer = dataclasses.replace(question("a").sampling, temperature=0.5)
    assert memory.recall(None, question("a").ids, warmer) is None


async def test_answers_that_other_arithmetic_gave_are_not_remembered(memory, tmp_path):
    memory.computed_by("decoder 1")
    await collect_answers(ScriptedEngine("Squawk."), {None: [question("a")]}, memory, quiet)
    memory.save()
    again = AnswerMemory(tmp_path / "answers" / "parrot.json", "base fp32")
    again.computed_by("decoder 2")
    assert again.recall(None, question("a").ids, question("a").sampling) is None
    again.computed_by("decoder 1")
    assert again.recall(None, question("a").ids, question("a").sampling) is not None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"key": [1]}', '{"key": null}'])
async def test_a_damaged_memory_is_forgotten(tmp_path, content):
    file = tmp_path / "parrot.json"
    file.write_text(content)
    memory, engine = AnswerMemory(file, "base"), ScriptedEngine("Fresh.")
    answers = await collect_answers(engine, {None: [question("a")]}, memory, quiet)
    assert answers[None][0].text == "Fresh."


async def test_a_failed_answer_is_a_flaw_and_not_remembered(memory, tmp_path):
    engine = ScriptedEngine()
    engine.holds()

    async def broken() -> None:
        await until(lambda: engine.generations)
        engine.generations[0].fail(GenerationFailed())

    _, answers = await asyncio.gather(broken(), collect_answers(engine, {None: [question("a")]}, memory, quiet))
    memory.save()
    assert answers[None][0].flaw is Flaw.FAILED
    again = AnswerMemory(tmp_path / "answers" / "parrot.json", "base fp32")
    assert again.recall(None, question("a").ids, question("a").sampling) is None


@pytest.mark.parametrize(("cut_short", "flaw"), [(False, Flaw.ENDLESS), (True, None)])
async def test_an_answer_that_does_not_end_is_a_flaw_unless_it_was_cut_short(memory, cut_short, flaw):
    engine = ScriptedEngine()
    engine.holds()

    async def talks_on() -> None:
        await until(lambda: engine.generations)
        engine.generations[0].say("On and on")
        engine.generations[0].end(FinishReason.LENGTH)

    asked: dict[Version, list[EvalQuestion]] = {None: [question("a", cut_short=cut_short)]}
    _, answers = await asyncio.gather(talks_on(), collect_answers(engine, asked, memory, quiet))
    assert answers[None][0].flaw is flaw


def test_remembered_answers_are_for_this_user_alone(memory, tmp_path):
    memory.keep(None, (1, 2), SamplingParams(), Said("Squawk.", 2, "stop"))
    memory.save()
    assert (tmp_path / "answers" / "parrot.json").stat().st_mode & 0o777 == 0o600
