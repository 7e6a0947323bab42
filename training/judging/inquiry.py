"""Asks the serving engine on behalf of evaluations and studies; the engine is as large as the questions need."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.config import Config
from bot.engine import EngineOptions
from bot.engine.torch_engine import TorchEngine
from bot.prompt import Message
from bot.versions.sampled_answers import samples_file
from training.judging.answer_cache import AnswerMemory
from training.judging.measuring import Answer, EvalQuestion, OnProgress, Version, collect_answers
from training.judging.persona_setup import PersonaSetup
from training.judging.probes import Probe


async def ask_all(
    setup: PersonaSetup,
    asked: Mapping[Version, Sequence[EvalQuestion]],
    memory: AnswerMemory,
    on_progress: OnProgress,
) -> dict[Version, list[Answer]]:
    """Every version's answers to its questions, in their order; what is remembered is not asked again."""
    if not any(asked.values()):
        return {version: [] for version in asked}
    engine = await asyncio.to_thread(TorchEngine, setup.files, _options(setup.config, asked))
    memory.computed_by(engine.arithmetic)
    await engine.start()
    try:
        return await collect_answers(engine, asked, memory, on_progress)
    finally:
        memory.save()  # what was said before an interruption need not be said again
        await engine.stop()


def probe_question(setup: PersonaSetup, probe: Probe, system: str | None = None) -> EvalQuestion:
    """The probe, asked as members ask; `system`: another system prompt than the persona's."""
    return EvalQuestion.of_probe(probe, setup.prompt_ids([Message("user", probe.prompt)], system), setup.sampling)


def answer_memory(setup: PersonaSetup, name: str) -> AnswerMemory:
    """What was answered before, in the cache folder, under `name`."""
    return _memory_in(setup, setup.config.cache_dir / "answers" / f"{name}-{setup.files.fingerprint[:12]}.json")


def sample_memory(setup: PersonaSetup) -> AnswerMemory:
    """What was answered before to members' prompts, beside the versions, where forgetting a member finds it."""
    return _memory_in(setup, samples_file(setup.config.adapters_dir, setup.persona.name, setup.files.fingerprint))


def _memory_in(setup: PersonaSetup, file: Path) -> AnswerMemory:
    model = setup.config.model
    return AnswerMemory(file, f"{setup.files.fingerprint} {model.precision} {model.device}")


def _options(config: Config, asked: Mapping[Version, Sequence[EvalQuestion]]) -> EngineOptions:
    """All requests wait at once, all versions are loaded; rows no longer than needed keep the engine's memory small."""
    questions = [question for own in asked.values() for question in own]
    options = {
        **config.engine.local_options(),
        "deadline_seconds": 0,
        "queue_size": len(questions),
        "adapter_slots": max(1, len(asked.keys() - {None})),
        "context_tokens": max(len(question.ids) + question.sampling.max_tokens for question in questions) + 1,
    }
    device, precision = config.model.device, config.model.precision
    return EngineOptions(device=device, precision=precision, cache_dir=config.cache_dir, **options)
