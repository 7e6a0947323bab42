"""On the packaged model: what holds for tiny random models holds for the one that ships. Each loads once per module."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import transformers
from peft import PeftModel
from torch import Tensor

from bot.config import load_config
from bot.engine import SamplingParams
from bot.engine.base_model import PACKAGED, prepare_base_model
from bot.engine.model import ServedModel
from bot.engine.step import Segment, Step
from bot.versions.registry import AdapterVersion
from tests.engine.serving import (
    Ask,
    answers_of_joining,
    mixed_against_alone,
    oracle_model,
    prompt_ids,
    running_engine,
    served_model,
    tokenizer_of,
)
from tests.tiny import write_random_adapter

pytestmark = pytest.mark.model

QUESTIONS = (
    "What colour goes well with blue?",
    "Is Paris in France?",
    "Describe a dog.",
    "What is a car?",
    "Explain gravity.",
    "Write a haiku about snow.",
)
PROSE = Path(__file__).parent / "prose.txt"
WINDOW = 1350
# Enough for the adapters to differ by far more than int8 rounds.
SCALING = 3


@pytest.fixture(scope="module", autouse=True)
def _two_threads() -> Iterator[None]:
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def model_dir() -> Path:
    return prepare_base_model(PACKAGED, load_config().cache_dir).path


@pytest.fixture(scope="module")
def adapters(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> list[AdapterVersion]:
    folder = tmp_path_factory.mktemp("adapters")
    return [
        write_random_adapter(folder / str(n), model_dir, "pirate", n, rank=2 * n, seed=n, lora_alpha=2 * n * SCALING)
        for n in range(1, 4)
    ]


def asked(model_dir: Path, adapters: list[AdapterVersion], *lengths: int) -> list[Ask]:
    """The questions as chats, the base model and the adapters taking turns, with `lengths` in turn."""
    speakers = [None, *adapters]
    tokenizer = tokenizer_of(model_dir)
    return [
        Ask(
            tokenizer.apply_chat_template(
                [{"role": "user", "content": question}], add_generation_prompt=True, tokenize=False
            ),
            speakers[i % len(speakers)],
            SamplingParams(temperature=0.0, max_tokens=lengths[i % len(lengths)], ignore_eos=True),
        )
        for i, question in enumerate(QUESTIONS)
    ]


def test_in_int8_a_mixed_batch_answers_as_each_would_alone(model_dir: Path, adapters: list[AdapterVersion]) -> None:
    """To the last bit with the compiled decoder. Without it only nearly so: the smallest difference between two ways to
    add up can tip an activation over to the next of its 255 levels, and this model passes that on to the logits."""
    model = served_model(model_dir, adapters, "int8", "cpu")
    ids = prompt_ids(model_dir, asked(model_dir, [], 1)[0].prompt)
    similarity = mixed_against_alone(model, ids, len(adapters) + 1)
    assert bool((similarity.diagonal() > (0.999999 if model.compiled else 0.97)).all()), similarity
    assert bool((similarity.fill_diagonal_(0) < 0.9).all()), similarity


def test_in_int8_perplexity_is_that_of_fp32(model_dir: Path) -> None:
    """Within 2 % over more than 5,000 tokens of our own writing, read in windows of a quarter each."""
    ids = prompt_ids(model_dir, PROSE.read_text(encoding="utf-8"))
    windows = [ids[start : start + WINDOW] for start in range(0, len(ids) - 1, WINDOW)]
    served, exact = served_model(model_dir, [], "int8", "cpu", context=WINDOW), oracle_model(model_dir, None)
    got = [token_losses(window, served_logits(served, window)) for window in windows]
    with torch.inference_mode():
        expected = [token_losses(window, exact(torch.tensor([window])).logits[0]) for window in windows]
    difference = (torch.cat(got).mean() - torch.cat(expected).mean()).exp().item()
    assert sum(len(losses) for losses in got) >= 5000
    assert difference == pytest.approx(1, abs=0.02)


def served_logits(model: ServedModel, ids: tuple[int, ...]) -> Tensor:
    """Every token's logits, float32 [tokens, vocabulary]: each token a segment of its own, many to a step."""
    segments = [Segment(0, 0, position, (token,)) for position, token in enumerate(ids)]
    with torch.inference_mode():
        return torch.cat(
            [
                model.run(Step.of(segments[start : start + 256], torch.device("cpu"), torch.float32))
                for start in range(0, len(segments), 256)
            ]
        )


def token_losses(ids: tuple[int, ...], logits: Tensor) -> Tensor:
    return torch.nn.functional.cross_entropy(logits[:-1], torch.tensor(ids[1:]), reduction="none")


async def test_rows_that_join_and_leave_answer_as_peft_does(model_dir: Path, adapters: list[AdapterVersion]) -> None:
    asks = asked(model_dir, adapters, 4, 12, 16, 8)
    async with running_engine(model_dir, device="cpu", precision="fp32", max_rows=3, prefill_tokens=24) as engine:
        got = await answers_of_joining(engine, model_dir, asks)
    assert [completion.token_ids for completion in got] == peft_tokens(model_dir, asks)


def peft_tokens(model_dir: Path, asks: list[Ask]) -> list[tuple[int, ...]]:
    """Greedy tokens of PEFT's generate, one request at a time, from one copy of the base model."""
    base = transformers.AutoModelForCausalLM.from_pretrained(model_dir, dtype=torch.float32)
    versions = list(dict.fromkeys(ask.adapter for ask in asks if ask.adapter))
    model = PeftModel.from_pretrained(base, versions[0].path, adapter_name=str(versions[0].number)).eval()
    for version in versions[1:]:
        model.load_adapter(version.path, adapter_name=str(version.number))
    return [one(model, model_dir, ask) for ask in asks]


def one(model: PeftModel, model_dir: Path, ask: Ask) -> tuple[int, ...]:
    ids = torch.tensor([prompt_ids(model_dir, ask.prompt)])
    options = {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "max_new_tokens": ask.sampling.max_tokens,
        "do_sample": False,
        "eos_token_id": None,
        "pad_token_id": 0,
    }
    with torch.inference_mode():
        if ask.adapter is None:
            with model.disable_adapter():
                out = model.generate(**options)
        else:
            model.set_adapter(str(ask.adapter.number))
            out = model.generate(**options)
    return tuple(out[0, ids.shape[1] :].tolist())
