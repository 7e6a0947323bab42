"""A request's life: queued, running, cancelled, refused, stopped. Whatever happens, it ends and frees its row."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from bot.engine import FinishReason, GenerationRequest, SamplingParams
from bot.errors import EmptyPrompt, EngineStopped, PromptTooLong, QueueFull
from tests.engine.serving import Ask, answer, answers, finished, oracle_tokens, prompt_ids, running_engine, submit
from tests.tiny import write_random_adapter

LONG = SamplingParams(temperature=0.0, max_tokens=200, ignore_eos=True)


async def test_cancelling_a_running_request_ends_its_stream_and_frees_its_row(tiny_model_dir: Path) -> None:
    async with running_engine(tiny_model_dir, max_rows=1) as engine:
        generation = submit(engine, tiny_model_dir, Ask("Ahoy", sampling=LONG))
        said = ""
        async for chunk in generation:
            said += chunk.text
            generation.cancel()
        assert generation.completion is not None
        assert generation.completion.finish_reason is FinishReason.CANCELLED
        assert generation.completion.text == said
        assert len(generation.completion.token_ids) < 200
        assert engine.status().running == 0
        assert (await answer(engine, tiny_model_dir, Ask("mateys!"))).token_ids == oracle_tokens(
            tiny_model_dir, Ask("mateys!")
        )


async def test_cancelling_a_waiting_request_lets_the_next_one_move_up(tiny_model_dir: Path) -> None:
    async with running_engine(tiny_model_dir, max_rows=1) as engine:
        running = submit(engine, tiny_model_dir, Ask("Ahoy", sampling=LONG))
        first = submit(engine, tiny_model_dir, Ask("first"))
        second = submit(engine, tiny_model_dir, Ask("second"))
        assert (running.position, first.position, second.position) == (0, 0, 1)
        first.cancel()
        first.cancel()
        assert second.position == 0
        completion = await finished(first)
        assert completion.finish_reason is FinishReason.CANCELLED
        assert completion.token_ids == ()
        running.cancel()
        assert (await finished(second)).token_ids == oracle_tokens(tiny_model_dir, Ask("second"))


async def test_leaving_the_stream_early_cancels_the_request(tiny_model_dir: Path) -> None:
    async with running_engine(tiny_model_dir, max_rows=1) as engine:
        generation = submit(engine, tiny_model_dir, Ask("Ahoy", sampling=LONG))

        heard = asyncio.Event()

        async def listen() -> None:
            async for _ in generation:
                heard.set()

        task = asyncio.create_task(listen())
        await heard.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        completion = await finished(generation)
        assert completion.finish_reason is FinishReason.CANCELLED


async def test_a_full_queue_refuses_with_the_number_that_waits(tiny_model_dir: Path) -> None:
    async with running_engine(tiny_model_dir, max_rows=1, queue_size=2) as engine:
        accepted = [submit(engine, tiny_model_dir, Ask("Ahoy", sampling=LONG)) for _ in range(3)]
        with pytest.raises(QueueFull) as refused:
            submit(engine, tiny_model_dir, Ask("one too many"))
        assert refused.value.waiting == 2
        assert [generation.position for generation in accepted] == [0, 0, 1]
        for generation in accepted:
            generation.cancel()
        assert (await answer(engine, tiny_model_dir, Ask("Ahoy"))).finish_reason is FinishReason.LENGTH


async def test_a_burst_fills_free_rows_before_it_fills_the_queue(tiny_model_dir: Path) -> None:
    async with running_engine(tiny_model_dir, max_rows=4, queue_size=1) as engine:
        got = await answers(engine, tiny_model_dir, [Ask("Ahoy")] * 5)
        assert len({completion.token_ids for completion in got}) == 1


async def test_an_empty_prompt_is_refused(tiny_model_dir: Path) -> None:
    async with running_engine(tiny_model_dir) as engine:
        with pytest.raises(EmptyPrompt):
            engine.submit(GenerationRequest((), LONG))


async def test_a_prompt_beyond_the_context_is_refused_with_its_length_and_the_limit(tiny_model_dir: Path) -> None:
    async with running_engine(tiny_model_dir, context_tokens=64) as engine:
        with pytest.raises(PromptTooLong) as refused:
            engine.submit(GenerationRequest((5,) * 64, LONG))
        assert (refused.value.tokens, refused.value.limit) == (64, 63)


async def test_a_reply_ends_where_the_context_ends(tiny_model_dir: Path) -> None:
    async with running_engine(tiny_model_dir, context_tokens=64) as engine:
        completion = await finished(engine.submit(GenerationRequest((5,) * 60, LONG)))
        assert completion.finish_reason is FinishReason.LENGTH
        assert len(completion.token_ids) == 4


async def test_the_context_is_never_longer_than_the_model_allows(tiny_model_dir: Path) -> None:
    async with running_engine(tiny_model_dir, context_tokens=100_000, max_rows=1) as engine:
        assert engine.context_tokens == 512


async def test_stopping_ends_running_and_waiting_requests_and_refuses_new_ones(tiny_model_dir: Path) -> None:
    async with running_engine(tiny_model_dir, max_rows=1) as engine:
        running = submit(engine, tiny_model_dir, Ask("Ahoy", sampling=LONG))
        waiting = submit(engine, tiny_model_dir, Ask("Ahoy", sampling=LONG))
        await engine.stop()
        for generation in (running, waiting):
            with pytest.raises(EngineStopped):
                await finished(generation)
        with pytest.raises(EngineStopped):
            submit(engine, tiny_model_dir, Ask("Ahoy"))
        await engine.stop()


async def test_the_end_of_turn_token_ends_the_reply_and_is_not_part_of_it(tiny_model_dir: Path, tmp_path: Path) -> None:
    """The oracle says which token comes third; a model whose end token it is stops there."""
    expected = oracle_tokens(tiny_model_dir, Ask("Ahoy"))
    async with running_engine(model_ending_with(expected[2], tiny_model_dir, tmp_path)) as engine:
        ids = prompt_ids(tiny_model_dir, "Ahoy")
        completion = await finished(engine.submit(GenerationRequest(ids, SamplingParams(temperature=0.0))))
        ignoring = await finished(engine.submit(GenerationRequest(ids, SamplingParams(0.0, ignore_eos=True))))
    assert completion.finish_reason is FinishReason.STOP
    assert completion.token_ids == expected[:2]
    assert ignoring.token_ids[:24] == expected


async def test_a_completion_tells_what_it_took(tiny_model_dir: Path, tmp_path: Path) -> None:
    adapter = write_random_adapter(tmp_path / "a", tiny_model_dir)
    async with running_engine(tiny_model_dir) as engine:
        sampling = SamplingParams(temperature=1.0, seed=11, max_tokens=5, ignore_eos=True)
        completion = await answer(engine, tiny_model_dir, Ask("Ahoy", adapter, sampling))
    assert completion.adapter == adapter
    assert completion.seed == 11
    assert completion.prompt_tokens == len(prompt_ids(tiny_model_dir, "Ahoy"))
    assert completion.first_token_s is not None
    assert 0 <= completion.queued_s <= completion.first_token_s <= completion.total_s


async def test_the_chunks_are_the_reply(tiny_model_dir: Path) -> None:
    async with running_engine(tiny_model_dir) as engine:
        generation = submit(engine, tiny_model_dir, Ask("Ahoy", sampling=LONG))
        chunks = [chunk async for chunk in generation]
        assert generation.completion is not None
        assert "".join(chunk.text for chunk in chunks) == generation.completion.text
        assert all(chunk.text for chunk in chunks)
        ids = tuple(token for chunk in chunks for token in chunk.token_ids)
        assert ids == generation.completion.token_ids[: len(ids)]


async def test_the_status_names_model_device_and_load(tiny_model_dir: Path) -> None:
    async with running_engine(tiny_model_dir, max_rows=1) as engine:
        submit(engine, tiny_model_dir, Ask("Ahoy", sampling=LONG))
        submit(engine, tiny_model_dir, Ask("Ahoy", sampling=LONG))
        status = engine.status()
    assert (status.device, status.precision, status.max_rows) == ("cpu", "fp32", 1)
    assert (status.running, status.waiting, status.resident) == (1, 1, ())


def model_ending_with(token: int, model_dir: Path, tmp_path: Path) -> Path:
    """A copy of the model whose generation config ends turns with `token`."""
    copy = tmp_path / "ending"
    shutil.copytree(model_dir, copy)
    file = copy / "generation_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "eos_token_id": [token]}))
    return copy
