"""A mixed batch gives token for token what separate runs give; transformers with PEFT is the oracle."""

from pathlib import Path

import pytest

from bot.engine import SamplingParams
from bot.versions.registry import AdapterVersion
from tests.engine.serving import PROMPTS, Ask, answers, answers_of_joining, oracle_tokens, running_engine
from tests.tiny import Kind, write_random_adapter, write_tiny_model

KINDS: list[Kind] = ["llama", "qwen3", "gemma3"]


@pytest.fixture(scope="module", params=KINDS)
def model_dir(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("model") / request.param, request.param)


@pytest.fixture(scope="module")
def adapters(model_dir: Path) -> list[AdapterVersion]:
    """Different weights, ranks and target modules."""
    folder = model_dir.parent
    return [
        write_random_adapter(folder / "a", model_dir, "pirate", 1, rank=4, seed=1),
        write_random_adapter(folder / "b", model_dir, "pirate", 2, rank=8, seed=2),
        write_random_adapter(folder / "c", model_dir, "critic", 1, rank=2, seed=3, target_modules=["q_proj", "v_proj"]),
        write_random_adapter(folder / "d", model_dir, "mentor", 1, rank=3, seed=4, use_rslora=True),
        write_random_adapter(folder / "e", model_dir, "friend", 1, rank=1, seed=5, target_modules=["down_proj"]),
    ]


def mixed_asks(adapters: list[AdapterVersion]) -> list[Ask]:
    speakers = [None, *adapters]
    return [Ask(prompt, speakers[index % len(speakers)]) for index, prompt in enumerate(PROMPTS)]


async def test_rows_with_different_adapters_answer_as_each_would_alone(
    model_dir: Path, adapters: list[AdapterVersion]
) -> None:
    asks = mixed_asks(adapters)
    async with running_engine(model_dir) as engine:
        got = await answers(engine, model_dir, asks)
    assert [completion.token_ids for completion in got] == [oracle_tokens(model_dir, ask) for ask in asks]
    assert len({completion.token_ids for completion in got}) == len(asks), "the adapters make no difference"


async def test_rows_join_and_leave_without_disturbing_others(model_dir: Path, adapters: list[AdapterVersion]) -> None:
    asks = [
        Ask(ask.prompt, ask.adapter, SamplingParams(temperature=0.0, max_tokens=4 + 9 * (i % 4), ignore_eos=True))
        for i, ask in enumerate(mixed_asks(adapters) * 3)
    ]

    async with running_engine(model_dir, max_rows=4, prefill_tokens=16) as engine:
        got = await answers_of_joining(engine, model_dir, asks)
    assert [completion.token_ids for completion in got] == [oracle_tokens(model_dir, ask) for ask in asks]


async def test_a_prompt_read_in_chunks_answers_as_one_read_whole(
    model_dir: Path, adapters: list[AdapterVersion]
) -> None:
    long = Ask("Explain gravity. What is a car? Is Paris in France? " * 3, adapters[0])
    short = Ask("Ahoy", adapters[1])
    async with running_engine(model_dir, prefill_tokens=7) as engine:
        got = await answers(engine, model_dir, [long, short, long])
    assert [c.token_ids for c in got] == [oracle_tokens(model_dir, ask) for ask in (long, short, long)]


async def test_many_rows_of_one_adapter_answer_as_each_would_alone(
    model_dir: Path, adapters: list[AdapterVersion]
) -> None:
    asks = [Ask(prompt, adapters[1]) for prompt in PROMPTS]
    async with running_engine(model_dir) as engine:
        got = await answers(engine, model_dir, asks)
    assert [completion.token_ids for completion in got] == [oracle_tokens(model_dir, ask) for ask in asks]
