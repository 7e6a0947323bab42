"""The work, done by our engine."""

import asyncio
import time
from collections.abc import Iterator

from bot.engine import EngineOptions, GenerationRequest, SamplingParams, TorchEngine
from bot.engine.base_model import BaseModelFiles, fingerprint, load_tokenizer
from bot.registry import AdapterVersion, read_manifest
from tests.bench.work import CASES, NEW, TRIES, Case, Setting, Timing, prompts

GREEDY = SamplingParams(temperature=0.0, max_tokens=NEW, ignore_eos=True)
WARM_UP = Case("warm-up", (None, 0))


def run(setting: Setting) -> Iterator[Timing]:
    files = BaseModelFiles("bench", setting.model, fingerprint(setting.model))
    tokenizer = load_tokenizer(files)
    ids = [tuple(tokenizer(text)["input_ids"]) for text in prompts(tokenizer)]
    sha256 = str(read_manifest(setting.adapter)["adapter_sha256"])
    adapters = [AdapterVersion(f"copy-{n}", 1, sha256, setting.adapter) for n in range(8)]
    options = EngineOptions(
        precision=setting.precision, max_rows=8, adapter_slots=8, queue_size=8, threads=setting.threads
    )
    engine = TorchEngine(files, options)
    with asyncio.Runner() as runner:
        runner.run(_start(engine, adapters))
        runner.run(_serve(engine, WARM_UP, ids, adapters))
        for case in CASES:
            for _ in range(TRIES):
                yield runner.run(_serve(engine, case, ids, adapters))
        runner.run(engine.stop())


async def _start(engine: TorchEngine, adapters: list[AdapterVersion]) -> None:
    await engine.start()
    for adapter in adapters:
        await engine.load(adapter)


async def _serve(engine: TorchEngine, case: Case, ids: list[tuple[int, ...]], adapters: list[AdapterVersion]) -> Timing:
    requests = [
        GenerationRequest(ids[i], GREEDY, None if number is None else adapters[number])
        for i, number in enumerate(case.adapters)
    ]
    started = time.perf_counter()
    firsts = await asyncio.gather(*(_first_token_s(engine, request) for request in requests))
    seconds = time.perf_counter() - started
    return Timing(f"troupe {engine.status().precision}", case.name, case.tokens, seconds, max(firsts))


async def _first_token_s(engine: TorchEngine, request: GenerationRequest) -> float:
    generation = engine.submit(request)
    async for _ in generation:
        pass
    completion = generation.completion
    assert completion is not None
    assert completion.first_token_s is not None
    assert len(completion.token_ids) == NEW, "the work is exactly this many tokens"
    return completion.first_token_s
