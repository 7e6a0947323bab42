"""What only a real vLLM server can show: `make test-vllm`. The scripted server's shapes are checked against it too."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.engine import Completion, EngineOptions, GenerationRequest, SamplingParams
from bot.engine.base_model import BaseModelFiles, prepare_base_model
from bot.engine.options import DEFAULT_CACHE
from bot.engine.torch_engine import TorchEngine
from bot.engine.vllm import VllmEngine, VllmOptions
from bot.personas.catalog import PersonaCatalog
from bot.personas.letter_folding import fold
from bot.prompt import Message, PromptRenderer
from bot.versions.registry import AdapterRegistry
from tests.engine.serving import finished

URL, ADAPTERS = os.environ.get("VLLM_URL"), os.environ.get("VLLM_ADAPTERS")
SHIPPED = Path(__file__).parents[3] / "adapters"
CAST = ("pirate", "sarcastic", "friend", "mentor", "plain")
QUESTIONS = ("Is Paris in France?", "Tell me about the moon.")
GREEDY = SamplingParams(temperature=0.0, max_tokens=32)

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.model,
    pytest.mark.skipif(not URL or not ADAPTERS, reason="VLLM_URL and VLLM_ADAPTERS name no server"),
]


@pytest.fixture(scope="module")
def files() -> BaseModelFiles:
    return prepare_base_model("smollm2-135m-instruct", DEFAULT_CACHE)


@pytest.fixture
async def engine(files: BaseModelFiles) -> AsyncIterator[VllmEngine]:
    assert URL
    assert ADAPTERS
    engine = VllmEngine(files, VllmOptions((URL,), Path(ADAPTERS), silence_seconds=60.0))
    await engine.start()
    yield engine
    await engine.stop()


def request(engine: VllmEngine | TorchEngine, persona: str, question: str, sampling: SamplingParams):
    card, version = PersonaCatalog(SHIPPED).get(persona), AdapterRegistry(SHIPPED).active(persona)
    turns = [Message("system", card.system_prompt), Message("user", question)]
    ids = PromptRenderer(engine.tokenizer).prompt_ids([turn for turn in turns if turn.content.strip()])
    return engine.submit(GenerationRequest(tuple(ids), sampling, version))


async def answers(engine: VllmEngine | TorchEngine) -> list[Completion]:
    asked = [request(engine, persona, question, GREEDY) for persona in CAST for question in QUESTIONS]
    return list(await asyncio.gather(*map(finished, asked)))


async def test_a_mixed_batch_answers_as_the_in_process_engine_does(engine: VllmEngine, files: BaseModelFiles) -> None:
    local = TorchEngine(files, EngineOptions(precision="fp32"))
    await local.start()
    try:
        expected = await answers(local)
    finally:
        await local.stop()
    assert [(c.text, c.finish_reason) for c in await answers(engine)] == [(c.text, c.finish_reason) for c in expected]


async def test_a_forbidden_letter_never_comes(engine: VllmEngine) -> None:
    rules = PersonaCatalog(SHIPPED).get("gadsby").sampling_values()["rules"]
    sampling = SamplingParams(temperature=1.0, max_tokens=24, rules=rules)
    said = await asyncio.gather(*(finished(request(engine, "gadsby", q, sampling)) for q in QUESTIONS * 4))
    assert sum(fold(completion.text).count("e") for completion in said) == 0
    assert all(completion.text.strip() for completion in said)


async def test_a_seed_repeats_a_reply(engine: VllmEngine) -> None:
    sampling = SamplingParams(temperature=1.0, max_tokens=24, seed=5)
    one, other = [await finished(request(engine, "pirate", QUESTIONS[1], sampling)) for _ in range(2)]
    assert one.text == other.text


async def test_cancelling_ends_the_request_there(engine: VllmEngine) -> None:
    generation = request(engine, "pirate", QUESTIONS[1], SamplingParams(max_tokens=1000, ignore_eos=True))
    await anext(aiter(generation))
    generation.cancel()
    async with aiohttp.ClientSession() as session, asyncio.timeout(20):
        while True:
            async with session.get(f"{URL}/metrics") as got:
                lines = (await got.text()).splitlines()
            running = [line for line in lines if line.startswith("vllm:num_requests_running{")]
            if running and all(line.endswith(" 0.0") for line in running):
                return
            await asyncio.sleep(0.1)
