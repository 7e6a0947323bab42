"""The compiled decoder: it computes what the model's own code computes, each row to the last bit as if it were alone.

On a machine that cannot have it (no compiler, or a processor without the instructions) these tests are skipped, and the
engine serves through transformers' own pass, as the last tests here show everywhere.
"""

import logging
import os
from pathlib import Path

import pytest
import torch
from torch import Tensor

from bot.engine import SamplingParams
from bot.engine.model import ServedModel
from bot.engine.native import NativeUnavailable, load_library
from bot.engine.options import DEFAULT_CACHE, EngineOptions
from bot.engine.placement import place
from bot.engine.step import Segment, Step
from bot.errors import GenerationFailed
from bot.versions.registry import AdapterVersion
from tests.engine.serving import (
    PROMPTS,
    Ask,
    answer,
    answers,
    files_of,
    oracle_model,
    prompt_ids,
    read_and_decode,
    running_engine,
    served_model,
)
from tests.tiny import Kind, write_overflowing_adapter, write_random_adapter, write_tiny_model

CPU = torch.device("cpu")
KINDS: list[Kind] = ["llama", "qwen3", "gemma3"]
# Beyond Gemma's window of 8.
PROMPT = "What is a car? Explain gravity. Is Paris in France?"


@pytest.fixture
def compiled() -> None:
    try:
        load_library(DEFAULT_CACHE)
    except NativeUnavailable as reason:
        pytest.skip(f"no compiled decoder on this machine: {reason}")


@pytest.fixture
def no_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A search path with nothing on it, and a cache without a library."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path / "cache"


@pytest.fixture(scope="module", params=KINDS)
def model_dir(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("model") / request.param, request.param)


@pytest.fixture(scope="module")
def adapters(model_dir: Path) -> list[AdapterVersion]:
    folder = model_dir.parent
    return [
        write_random_adapter(folder / "a", model_dir, "pirate", 1, rank=13, seed=1),
        write_random_adapter(folder / "b", model_dir, "critic", 1, rank=3, seed=2, target_modules=["q_proj", "v_proj"]),
        write_random_adapter(folder / "c", model_dir, "friend", 1, rank=1, seed=3, target_modules=["down_proj"]),
    ]


def alike(got: Tensor, expected: Tensor) -> Tensor:
    """Cosine of each row's logits."""
    got, expected = (logits - logits.mean(-1, keepdim=True) for logits in (got, expected))
    return torch.nn.functional.cosine_similarity(got, expected, dim=-1)


def oracle_logits(model_dir: Path, adapter: AdapterVersion | None, ids: tuple[int, ...]) -> Tensor:
    with torch.inference_mode():
        logits: Tensor = oracle_model(model_dir, adapter)(torch.tensor([ids])).logits[0, -1]
    return logits


@pytest.mark.usefixtures("compiled")
def test_it_computes_what_transformers_and_peft_compute(model_dir: Path, adapters: list[AdapterVersion]) -> None:
    model = served_model(model_dir, adapters, "int8", "cpu")
    ids = prompt_ids(model_dir, PROMPT)
    got = read_and_decode(model, [(slot, slot, ids) for slot in range(4)])
    expected = torch.stack([oracle_logits(model_dir, adapter, ids) for adapter in (None, *adapters)])
    assert model.compiled
    assert bool((alike(got, expected) > 0.99).all()), alike(got, expected)
    assert bool((alike(got, expected.roll(1, 0)) < 0.99).all()), "the adapters make no difference"


@pytest.mark.usefixtures("compiled")
def test_in_a_mixed_batch_each_row_gets_the_bits_it_gets_alone(model_dir: Path, adapters: list[AdapterVersion]) -> None:
    model = served_model(model_dir, adapters, "int8", "cpu")
    prompts = [(row, row % 4, prompt_ids(model_dir, text)) for row, text in enumerate(PROMPTS)]
    mixed = read_and_decode(model, prompts)
    alone = torch.cat([read_and_decode(model, [prompt]) for prompt in prompts])
    assert torch.equal(mixed, alone)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("size", [1, 3, 8, 13])
def test_a_prompt_in_chunks_gets_the_bits_of_one_in_one_piece(model_dir: Path, size: int) -> None:
    model = served_model(model_dir, [], "int8", "cpu")
    ids = prompt_ids(model_dir, PROMPT)
    whole = model.run(Step.of([Segment(0, 0, 0, ids)], CPU, torch.float32))
    for start in range(0, len(ids), size):
        chunked = model.run(Step.of([Segment(1, 0, start, ids[start : start + size])], CPU, torch.float32))
    assert torch.equal(whole, chunked)


@pytest.mark.usefixtures("compiled")
async def test_in_int8_a_seed_means_one_reply_whatever_else_runs(
    model_dir: Path, adapters: list[AdapterVersion]
) -> None:
    """Sampled and penalized, in company and alone, read anew and from what is kept, with rows that come and go."""
    speakers = [None, *adapters]
    asks = [
        Ask(
            prompt,
            speakers[i % 4],
            SamplingParams(temperature=0.9, seed=i, max_tokens=6 + 3 * i, repetition_penalty=1.2, ignore_eos=True),
        )
        for i, prompt in enumerate(PROMPTS)
    ]
    async with running_engine(model_dir, device="cpu", precision="int8", max_rows=3, prefill_tokens=16) as engine:
        together = await answers(engine, model_dir, asks)
        again = await answers(engine, model_dir, asks[::-1])
    async with running_engine(model_dir, device="cpu", precision="int8", kept_tokens=0) as engine:
        alone = [await answer(engine, model_dir, ask) for ask in asks]
    expected = [completion.token_ids for completion in alone]
    assert [completion.token_ids for completion in together] == expected
    assert [completion.token_ids for completion in again[::-1]] == expected


@pytest.mark.usefixtures("compiled")
async def test_in_int8_a_row_that_computes_no_numbers_fails_alone(tiny_model_dir: Path, tmp_path: Path) -> None:
    huge = write_overflowing_adapter(tmp_path / "huge", tiny_model_dir)
    fine = Ask("The cat sat")
    async with running_engine(tiny_model_dir, device="cpu", precision="int8", max_rows=2) as engine:
        alone = await answer(engine, tiny_model_dir, fine)
        with pytest.raises(GenerationFailed):
            await answer(engine, tiny_model_dir, Ask("Ahoy", huge))
        after = [await answer(engine, tiny_model_dir, fine) for _ in range(2)]
    assert {completion.token_ids for completion in after} == {alone.token_ids}


def test_without_a_compiler_int8_is_served_all_the_same(
    tiny_model_dir: Path, no_compiler: Path, caplog: pytest.LogCaptureFixture
) -> None:
    placement = place(EngineOptions(device="cpu", precision="int8"))
    with caplog.at_level(logging.INFO):
        model = ServedModel(files_of(tiny_model_dir), placement, rows=8, context=128, cache_dir=no_compiler)
    ids = prompt_ids(tiny_model_dir, PROMPT)
    got = model.run(Step.of([Segment(0, 0, 0, ids)], CPU, torch.float32))
    assert not model.compiled
    assert "none of the compilers g++, c++ is installed" in caplog.text
    assert bool((alike(got, oracle_logits(tiny_model_dir, None, ids)) > 0.99).all())


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("exit 1", "g\\+\\+ failed"),
        ("echo '#define __x86_64__ 1'", "the processor lacks __AVX512VNNI__"),
        ("case $* in *-dM*) echo __AVX512VNNI__ __AVX512BW__ ;; *) echo broken >&2; exit 4 ;; esac", "failed: broken"),
        ("case $* in *-dM*) echo __AVX512VNNI__ __AVX512BW__ ;; *) echo x > $9 ;; esac", "cannot be written or loaded"),
    ],
)
def test_a_compiler_that_does_not_do_its_work_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, complaint: str
) -> None:
    compiler = tmp_path / "bin" / "g++"
    compiler.parent.mkdir()
    compiler.write_text(f"#!/bin/sh\n{script}\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", f"{compiler.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(NativeUnavailable, match=complaint):
        load_library(tmp_path / "cache")
