"""Owns the engine that an evaluation or a study asks: the serving engine, as large as its questions need."""

import asyncio
from collections.abc import Mapping, Sequence

from bot.config import Config
from bot.engine import EngineOptions, TorchEngine
from bot.engine.base_model import BaseModelFiles
from training.evaluate import Answer, OnProgress, Question, Version, collect_answers
from training.memory import AnswerMemory


async def ask_all(
    config: Config,
    files: BaseModelFiles,
    asked: Mapping[Version, Sequence[Question]],
    memory: AnswerMemory,
    on_progress: OnProgress,
) -> dict[Version, list[Answer]]:
    """Every version's answers to its questions, in their order; what is remembered is not asked again."""
    if not any(asked.values()):
        return {version: [] for version in asked}
    engine = await asyncio.to_thread(TorchEngine, files, _options(config, asked))
    memory.computed_by(engine.arithmetic)
    await engine.start()
    try:
        return await collect_answers(engine, asked, memory, on_progress)
    finally:
        memory.save()  # what was said before an interruption need not be said again
        await engine.stop()


def answer_memory(config: Config, files: BaseModelFiles, name: str) -> AnswerMemory:
    """What was answered before, in the cache folder, under `name`."""
    file = config.cache_dir / "answers" / f"{name}-{files.fingerprint[:12]}.json"
    return AnswerMemory(file, f"{files.fingerprint} {config.model.precision} {config.model.device}")


def _options(config: Config, asked: Mapping[Version, Sequence[Question]]) -> EngineOptions:
    """All requests wait at once; rows no longer than needed keep the engine's memory small."""
    questions = [question for own in asked.values() for question in own]
    options = {
        **config.engine.model_dump(),
        "deadline_seconds": 0,
        "queue_size": len(questions),
        "context_tokens": max(len(question.ids) + question.sampling.max_tokens for question in questions) + 1,
    }
    device, precision = config.model.device, config.model.precision
    return EngineOptions(device=device, precision=precision, cache_dir=config.cache_dir, **options)
