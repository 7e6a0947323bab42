"""Our engine as the bench uses it: opened for a plan, given cases and single requests."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from benchmarks.serving.work import Case, Setting, Timing, prompts
from bot.engine import Completion, EngineOptions, GenerationRequest, SamplingParams
from bot.engine.base_model import BaseModelFiles, fingerprint
from bot.engine.torch_engine import TorchEngine
from bot.prompt import PromptRenderer
from bot.versions.registry import AdapterVersion, read_manifest

SERVER = "troupe"
FRESH = {"kept_tokens": 0}


@dataclass(frozen=True)
class Troupe:
    """A running engine, and copies of the setting's adapter under names of their own."""

    engine: TorchEngine
    copies: Sequence[AdapterVersion]

    @property
    def tokenizer(self) -> Any:
        return self.engine.tokenizer

    @cached_property
    def renderer(self) -> PromptRenderer:
        return PromptRenderer(self.tokenizer)

    @cached_property
    def questions(self) -> list[tuple[int, ...]]:
        return [tuple(self.tokenizer(text, add_special_tokens=False)["input_ids"]) for text in prompts(self.tokenizer)]

    async def serve(self, case: Case) -> Timing:
        sampling = exactly(case.new)
        requests = [
            GenerationRequest(self.questions[i % 8], sampling, None if number is None else self.copies[number])
            for i, number in enumerate(case.adapters)
        ]
        started = time.perf_counter()
        completions = await asyncio.gather(*(completion(self.engine, request) for request in requests))
        seconds = time.perf_counter() - started
        assert all(len(c.token_ids) == case.new for c in completions), "the work is exactly this many tokens"
        return Timing(SERVER, case.name, case.tokens, seconds, max(first_token_s(c) for c in completions))


@asynccontextmanager
async def troupe(setting: Setting, *, copies: int, **options: Any) -> AsyncIterator[Troupe]:
    """The engine with EngineOptions' `options`, started; stopped on leaving. FRESH lets every request be read anew."""
    files = BaseModelFiles("bench", setting.model, fingerprint(setting.model))
    engine = TorchEngine(files, EngineOptions(precision=setting.precision, threads=setting.threads, **options))
    await engine.start()
    try:
        yield Troupe(engine, [copy_of(setting, n) for n in range(copies)])
    finally:
        await engine.stop()


def copy_of(setting: Setting, number: int) -> AdapterVersion:
    """Another adapter to the engine, which goes by the name."""
    return AdapterVersion(f"copy-{number}", 1, str(read_manifest(setting.adapter)["adapter_sha256"]), setting.adapter)


def exactly(tokens: int) -> SamplingParams:
    return SamplingParams(temperature=0.0, max_tokens=tokens, ignore_eos=True)


async def completion(engine: TorchEngine, request: GenerationRequest) -> Completion:
    generation = engine.submit(request)
    async for _ in generation:
        pass
    assert generation.completion is not None
    return generation.completion


def first_token_s(completion: Completion) -> float:
    assert completion.first_token_s is not None
    return completion.first_token_s
