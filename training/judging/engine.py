"""Owns the engine that an evaluation or a study asks: the serving engine, as large as its questions need."""

import asyncio
from collections.abc import Mapping, Sequence

from bot.config import Config
from bot.engine import EngineOptions, TorchEngine
from bot.prompt import Message
from training.judging.answer_cache import AnswerMemory
from training.judging.measuring import Answer, OnProgress, Question, Version, collect_answers
from training.judging.probes import Probe
from training.judging.subject import Subject


async def ask_all(
    subject: Subject,
    asked: Mapping[Version, Sequence[Question]],
    memory: AnswerMemory,
    on_progress: OnProgress,
) -> dict[Version, list[Answer]]:
    """Every version's answers to its questions, in their order; what is remembered is not asked again."""
    if not any(asked.values()):
        return {version: [] for version in asked}
    engine = await asyncio.to_thread(TorchEngine, subject.files, _options(subject.config, asked))
    memory.computed_by(engine.arithmetic)
    await engine.start()
    try:
        return await collect_answers(engine, asked, memory, on_progress)
    finally:
        memory.save()  # what was said before an interruption need not be said again
        await engine.stop()


def probe_question(subject: Subject, probe: Probe, system: str | None = None) -> Question:
    """The probe, asked as members ask; `system`: another system prompt than the persona's."""
    return Question.of_probe(probe, subject.prompt_ids([Message("user", probe.prompt)], system), subject.sampling)


def answer_memory(subject: Subject, name: str) -> AnswerMemory:
    """What was answered before, in the cache folder, under `name`."""
    config, files = subject.config, subject.files
    file = config.cache_dir / "answers" / f"{name}-{files.fingerprint[:12]}.json"
    return AnswerMemory(file, f"{files.fingerprint} {config.model.precision} {config.model.device}")


def _options(config: Config, asked: Mapping[Version, Sequence[Question]]) -> EngineOptions:
    """All requests wait at once, all versions are loaded; rows no longer than needed keep the engine's memory small."""
    questions = [question for own in asked.values() for question in own]
    options = {
        **config.engine.model_dump(),
        "deadline_seconds": 0,
        "queue_size": len(questions),
        "adapter_slots": max(1, len(asked.keys() - {None})),
        "context_tokens": max(len(question.ids) + question.sampling.max_tokens for question in questions) + 1,
    }
    device, precision = config.model.device, config.model.precision
    return EngineOptions(device=device, precision=precision, cache_dir=config.cache_dir, **options)
