"""The choice of tokens against transformers' own logits processors, and its independence from neighbours."""

import math
from collections import Counter
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import (
    LogitsProcessorList,
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from bot.engine import SamplingParams
from bot.engine.sampling import CANDIDATES, choose
from tests.engine.serving import PROMPTS, Ask, answer, answers, oracle_tokens, running_engine

VOCABULARY = CANDIDATES * 4


def reference(logits: torch.Tensor, params: SamplingParams, history: list[int], uniform: float) -> int:
    """transformers' processors in the order of its generate, then the inverse of the cumulative distribution."""
    processors = LogitsProcessorList()
    if params.repetition_penalty != 1.0:
        processors.append(RepetitionPenaltyLogitsProcessor(params.repetition_penalty))
    if not params.greedy:
        processors.append(TemperatureLogitsWarper(params.temperature))
        if params.top_k:
            processors.append(TopKLogitsWarper(params.top_k))
        if params.top_p < 1.0:
            processors.append(TopPLogitsWarper(params.top_p))
        if params.min_p > 0.0:
            processors.append(MinPLogitsWarper(params.min_p))
    scores = processors(torch.tensor([history]), logits[None].clone())[0]
    if params.greedy:
        return int(scores.argmax())
    probabilities, ids = scores.softmax(-1).double().sort(descending=True, stable=True)
    place = int((probabilities.cumsum(-1) <= uniform).sum())
    return int(ids[min(place, int((probabilities > 0).sum()) - 1)])


def choose_one(logits: torch.Tensor, params: SamplingParams, history: list[int], uniform: float) -> int:
    return choose(logits[None].clone(), [params], torch.tensor([history]), torch.tensor([len(history)]), [uniform])[0]


PARAMS = st.builds(
    SamplingParams,
    temperature=st.sampled_from([0.0, 0.3, 0.7, 1.0, 2.5]),
    top_p=st.sampled_from([1.0, 0.95, 0.5, 0.1]),
    top_k=st.sampled_from([0, 1, 5, 40, CANDIDATES, CANDIDATES + 50]),
    min_p=st.sampled_from([0.0, 0.05, 0.3]),
    repetition_penalty=st.sampled_from([1.0, 1.1, 2.0, 0.8]),
)


@settings(max_examples=300)
@given(
    params=PARAMS,
    seed=st.integers(0, 10_000),
    spread=st.sampled_from([0.2, 1.0, 4.0]),
    uniform=st.floats(0.001, 0.999),
    history=st.lists(st.integers(0, VOCABULARY - 1), min_size=1, max_size=12),
)
def test_each_choice_is_the_reference_choice(
    params: SamplingParams, seed: int, spread: float, uniform: float, history: list[int]
) -> None:
    logits = torch.randn(VOCABULARY, generator=torch.Generator().manual_seed(seed)) * spread
    got, expected = choose_one(logits, params, history, uniform), reference(logits, params, history, uniform)
    if got != expected:  # float32 against float64 sums: allowed only where the draw falls on a boundary
        near = {reference(logits, params, history, uniform + e) for e in (-1e-4, 1e-4)}
        assert got in near


@settings(max_examples=50)
@given(params=st.lists(PARAMS, min_size=2, max_size=6), seed=st.integers(0, 1000), width=st.integers(1, 9))
def test_a_row_chooses_what_it_would_choose_alone(params: list[SamplingParams], seed: int, width: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(len(params), VOCABULARY, generator=generator) * 3
    histories = [
        torch.randint(0, VOCABULARY, (1 + (width * i) % 9,), generator=generator).tolist() for i in range(len(params))
    ]
    uniforms = torch.rand(len(params), generator=generator).tolist()
    lengths = [len(history) for history in histories]
    padded = torch.tensor([history + [7] * (max(lengths) - len(history)) for history in histories])
    together = choose(logits.clone(), params, padded, torch.tensor(lengths), uniforms)
    alone = [choose_one(logits[i], params[i], histories[i], uniforms[i]) for i in range(len(params))]
    assert together == alone


def test_draws_follow_the_distribution() -> None:
    logits = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()
    params = SamplingParams(temperature=1.0)
    draws = Counter(choose_one(logits, params, [0], (i + 0.5) / 1000) for i in range(1000))
    assert draws == {0: 500, 1: 300, 2: 150, 3: 50}


@pytest.mark.parametrize("uniform", [0.0, math.nextafter(1.0, 0.0)])
def test_the_ends_of_the_interval_choose_kept_tokens(uniform: float) -> None:
    logits = torch.tensor([3.0, 2.0, 1.0, -50.0])
    assert choose_one(logits, SamplingParams(temperature=0.5, top_p=0.9), [0], uniform) in {0, 1}


async def test_a_seed_means_one_reply_whatever_else_runs(tiny_model_dir: Path) -> None:
    seeded = SamplingParams(temperature=1.2, top_p=0.95, repetition_penalty=1.2, seed=5, max_tokens=20, ignore_eos=True)
    other = SamplingParams(temperature=0.9, top_k=9, max_tokens=33, ignore_eos=True)
    ask = Ask("Ahoy", sampling=seeded)
    async with running_engine(tiny_model_dir) as engine:
        alone = await answer(engine, tiny_model_dir, ask)
        crowd = await answers(engine, tiny_model_dir, [Ask(p, sampling=other) for p in PROMPTS[:5]] + [ask, ask])
        differently_seeded = await answer(
            engine, tiny_model_dir, Ask("Ahoy", sampling=SamplingParams(1.2, seed=6, max_tokens=20, ignore_eos=True))
        )
    assert crowd[-1].token_ids == crowd[-2].token_ids == alone.token_ids
    assert differently_seeded.token_ids != alone.token_ids


async def test_without_a_seed_one_is_drawn_and_told(tiny_model_dir: Path) -> None:
    unseeded = SamplingParams(temperature=1.5, max_tokens=20, ignore_eos=True)
    async with running_engine(tiny_model_dir) as engine:
        first, second = await answers(engine, tiny_model_dir, [Ask("Ahoy", sampling=unseeded)] * 2)
        assert first.token_ids != second.token_ids
        again = SamplingParams(temperature=1.5, max_tokens=20, ignore_eos=True, seed=first.seed)
        assert (await answer(engine, tiny_model_dir, Ask("Ahoy", sampling=again))).token_ids == first.token_ids


async def test_a_repetition_penalty_counts_prompt_and_completion(tiny_model_dir: Path) -> None:
    penalty = SamplingParams(temperature=0.0, repetition_penalty=1.3, max_tokens=24, ignore_eos=True)
    asks = [Ask(prompt, sampling=penalty) for prompt in PROMPTS[:3]] + [Ask("mateys!")]
    async with running_engine(tiny_model_dir, prefill_tokens=16) as engine:
        got = await answers(engine, tiny_model_dir, asks)
    assert [completion.token_ids for completion in got] == [oracle_tokens(tiny_model_dir, ask) for ask in asks]
