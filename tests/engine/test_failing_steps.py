"""A step that raises fails only the requests to blame; the engine goes on serving."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from bot.engine import SamplingParams
from bot.errors import GenerationFailed
from tests.engine.serving import Ask, answer, finished, oracle_tokens, prompt_ids, running_engine, submit
from tests.tiny import write_overflowing_adapter, write_random_adapter
from tests.waiting import until

LONG = SamplingParams(temperature=0.0, max_tokens=60, ignore_eos=True)
POISONED = "Hush 🙂"  # its last token occurs in no other request


@pytest.fixture
def poisoned_forward(tiny_model_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model whose forward pass raises when it sees the poison: the seam is transformers' own public method."""
    poison = prompt_ids(tiny_model_dir, POISONED)[-1]
    forward = transformers.LlamaForCausalLM.forward

    def raising(self: Any, input_ids: torch.Tensor, **kwargs: Any) -> Any:
        if bool((input_ids == poison).any()):
            raise RuntimeError("a kernel failed")
        return forward(self, input_ids, **kwargs)

    monkeypatch.setattr(transformers.LlamaForCausalLM, "forward", raising)


@pytest.mark.usefixtures("poisoned_forward")
async def test_only_the_row_to_blame_fails(tiny_model_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    asks = [Ask("Ahoy", sampling=LONG), Ask("The cat sat", sampling=LONG)]
    expected = [oracle_tokens(tiny_model_dir, ask) for ask in asks]
    async with running_engine(tiny_model_dir) as engine:
        running = [asyncio.create_task(answer(engine, tiny_model_dir, ask)) for ask in asks]
        await until(lambda: engine.status().running == 2)
        doomed = submit(engine, tiny_model_dir, Ask(POISONED, sampling=LONG))
        with caplog.at_level(logging.ERROR), pytest.raises(GenerationFailed) as failure:
            await finished(doomed)
        got = [completion.token_ids for completion in await asyncio.gather(*running)]
        again = await answer(engine, tiny_model_dir, asks[0])
        assert engine.status().running == 0
    assert got == expected
    assert again.token_ids == expected[0]
    assert "RuntimeError" in failure.value.detail
    assert "a kernel failed" in caplog.text
    assert "Hush" not in caplog.text


async def test_a_row_that_computes_no_numbers_fails_alone_and_leaves_no_trace(
    tiny_model_dir: Path, tmp_path: Path
) -> None:
    """What overflows only as it passes through the layers is seen by no check of the weights."""
    huge = write_overflowing_adapter(tmp_path / "huge", tiny_model_dir)
    fine = Ask("The cat sat", sampling=LONG)
    async with running_engine(tiny_model_dir, max_rows=2) as engine:
        await engine.load(huge)
        running = asyncio.create_task(answer(engine, tiny_model_dir, fine))
        with pytest.raises(GenerationFailed):
            await answer(engine, tiny_model_dir, Ask("Ahoy", huge, LONG))
        got = await running
        in_the_same_row = [await answer(engine, tiny_model_dir, fine) for _ in range(2)]
    assert {c.token_ids for c in (got, *in_the_same_row)} == {oracle_tokens(tiny_model_dir, fine)}


async def test_a_failed_row_frees_its_row_and_its_adapters_slot(tiny_model_dir: Path, tmp_path: Path) -> None:
    """With one row and one slot, the next request could not run if the failed one had kept either."""
    huge = write_overflowing_adapter(tmp_path / "huge", tiny_model_dir)
    next_ask = Ask("The cat sat", write_random_adapter(tmp_path / "next", tiny_model_dir), LONG)
    async with running_engine(tiny_model_dir, max_rows=1, adapter_slots=1) as engine:
        doomed = submit(engine, tiny_model_dir, Ask("Ahoy", huge, LONG))
        following = submit(engine, tiny_model_dir, next_ask)
        with pytest.raises(GenerationFailed):
            await finished(doomed)
        got = await finished(following)
        assert engine.status().resident == (next_ask.adapter,)
    assert got.token_ids == oracle_tokens(tiny_model_dir, next_ask)
