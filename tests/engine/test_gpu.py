"""On a CUDA device: a mixed batch gives what separate runs give, in every precision that is served there.

In 16-bit arithmetic another batch size may mean another kernel and another rounding, so two tokens of nearly equal
logits can change places. There, logits are compared within the rounding; token for token is asked of fp32.
"""

from pathlib import Path

import pytest
import torch

from bot.versions.registry import AdapterVersion
from tests.engine.serving import (
    PROMPTS,
    Ask,
    answers,
    mixed_against_alone,
    oracle_tokens,
    prompt_ids,
    running_engine,
    served_model,
)
from tests.tiny import write_random_adapter

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")]


@pytest.fixture(scope="module")
def adapters(tiny_model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> list[AdapterVersion]:
    folder = tmp_path_factory.mktemp("adapters")
    return [write_random_adapter(folder / str(n), tiny_model_dir, "pirate", n, rank=n, seed=n) for n in range(1, 6)]


@pytest.fixture
def asks(adapters: list[AdapterVersion]) -> list[Ask]:
    return [Ask(prompt, speaker) for prompt, speaker in zip(PROMPTS, [None, *adapters], strict=True)]


@pytest.mark.parametrize("precision", ["bf16", "int8", "nf4"])
def test_a_mixed_batch_answers_as_each_would_alone_on_a_gpu(
    tiny_model_dir: Path, adapters: list[AdapterVersion], precision: str
) -> None:
    model = served_model(tiny_model_dir, adapters, precision, "cuda")
    similarity = mixed_against_alone(model, prompt_ids(tiny_model_dir, "Is Paris in France?"), len(adapters) + 1)
    assert bool((similarity.diagonal() > 0.99).all())
    assert bool((similarity.fill_diagonal_(0) < 0.9).all()), "the adapters make no difference"


async def test_in_fp32_a_gpu_answers_as_peft_does(tiny_model_dir: Path, asks: list[Ask]) -> None:
    async with running_engine(tiny_model_dir, device="cuda", precision="fp32") as engine:
        got = await answers(engine, tiny_model_dir, asks)
    assert [c.token_ids for c in got] == [oracle_tokens(tiny_model_dir, ask) for ask in asks]


@pytest.mark.parametrize("precision", ["bf16", "int8", "nf4"])
async def test_a_gpu_serves_more_adapters_than_it_has_slots(
    tiny_model_dir: Path, asks: list[Ask], precision: str
) -> None:
    async with running_engine(
        tiny_model_dir, device="cuda", precision=precision, adapter_slots=2, max_rows=4
    ) as engine:
        got = await answers(engine, tiny_model_dir, asks * 2)
        assert (engine.status().device, engine.status().precision) == ("cuda", precision)
    assert [len(completion.token_ids) for completion in got] == [24] * len(asks) * 2
