"""Owns asking: questions go to versions of a persona through the engine that serves members, and answers come back."""

import asyncio
from collections.abc import Mapping, Sequence

from bot.config import Config
from bot.engine import EngineOptions, SamplingParams, TorchEngine
from bot.engine.base_model import BaseModelFiles
from bot.personas import Persona
from training.evaluate import Answer, OnProgress, Question, Version, collect_answers
from training.memory import AnswerMemory


class Interview:
    """Asks one persona. What was asked and answered before under the same `name` is remembered."""

    def __init__(self, config: Config, persona: Persona, files: BaseModelFiles, name: str = "") -> None:
        self._config = config
        self._persona = persona
        self._files = files
        self._name = name or persona.name

    async def answers(
        self, inquiry: Mapping[Version, Sequence[Question]], on_progress: OnProgress
    ) -> dict[Version, list[Answer]]:
        """Every version's answers to its questions, from one mixed batch."""
        if not any(inquiry.values()):
            return {version: [] for version in inquiry}
        engine = await asyncio.to_thread(TorchEngine, self._files, self._engine_options(inquiry))
        memory = self._memory()
        await engine.start()
        try:
            answers = await collect_answers(engine, inquiry, memory, on_progress)
        finally:
            await engine.stop()
        memory.save()
        return answers

    def _engine_options(self, inquiry: Mapping[Version, Sequence[Question]]) -> EngineOptions:
        """All requests wait at once; rows no longer than needed keep the engine's memory small."""
        questions = [question for asked in inquiry.values() for question in asked]
        options = {
            **self._config.engine.model_dump(),
            "deadline_seconds": 0,
            "queue_size": len(questions),
            "context_tokens": max(len(question.ids) + question.sampling.max_tokens for question in questions) + 1,
        }
        model = self._config.model
        return EngineOptions(device=model.device, precision=model.precision, **options)

    def _memory(self) -> AnswerMemory:
        model = self._config.model
        file = self._config.cache_dir / "answers" / f"{self._name}-{self._files.fingerprint[:12]}.json"
        return AnswerMemory(file, f"{self._files.fingerprint} {model.precision} {model.device}")

    @property
    def sampling(self) -> SamplingParams:
        """As members are served: the defaults with the card's overrides, at most half of the context."""
        values = {**self._config.sampling.model_dump(), **self._persona.sampling_values()}
        limit = self._config.engine.context_tokens // 2
        return SamplingParams(**{**values, "max_tokens": min(values["max_tokens"], limit)})
