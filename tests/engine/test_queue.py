"""Who waits for whom: channels take turns, positions and waits are known, deadlines hold, nothing starves."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.engine import Generation, GenerationRequest, SamplingParams
from bot.engine.fair_turns import FairTurns
from bot.engine.step_times import LEAST_PREFILL, StepTimes
from bot.engine.torch_engine import TorchEngine
from bot.engine.waiting_time import seconds_until_start
from bot.errors import DeadlineExceeded, QueueFull
from tests.engine.serving import Ask, answer, finished, oracle_tokens, prompt_ids, running_engine, submit
from tests.tiny import write_random_adapter

LONG = SamplingParams(temperature=0.0, max_tokens=200, ignore_eos=True)


async def finishing_order(generations: dict[str, Generation]) -> list[str]:
    order = []

    async def follow(name: str, generation: Generation) -> None:
        await finished(generation)
        order.append(name)

    await asyncio.gather(*(follow(*item) for item in generations.items()))
    return order


def ask(engine: TorchEngine, model_dir: Path, channel: str, **options: Any) -> Generation:
    return engine.submit(GenerationRequest(prompt_ids(model_dir, "Ahoy"), LONG, channel=channel, **options))


async def test_a_busy_channel_takes_turns_with_a_quiet_one(tiny_model_dir: Path) -> None:
    async with running_engine(tiny_model_dir, max_rows=1) as engine:
        busy = {f"busy {n}": ask(engine, tiny_model_dir, "busy") for n in range(4)}
        quiet = {f"quiet {n}": ask(engine, tiny_model_dir, "quiet") for n in range(2)}
        assert [generation.position for generation in (*busy.values(), *quiet.values())] == [0, 1, 3, 4, 0, 2]
        order = await finishing_order({**busy, **quiet})
    assert order == ["busy 0", "quiet 0", "busy 1", "quiet 1", "busy 2", "busy 3"]


def test_new_channels_without_end_do_not_overtake_a_busy_one_for_ever() -> None:
    turns = FairTurns(patience=4)
    turns.started(turns.take("busy"))
    second = turns.take("busy")
    overtaken = 0
    while (turn := turns.take(f"new {overtaken}")) < second:
        turns.started(turn)
        overtaken += 1
    assert 0 < overtaken <= 4


async def test_requests_of_no_channel_keep_their_order(tiny_model_dir: Path) -> None:
    async with running_engine(tiny_model_dir, max_rows=1) as engine:
        waiting = [ask(engine, tiny_model_dir, "") for _ in range(4)]
        assert [generation.position for generation in waiting] == [0, 0, 1, 2]


async def test_a_channel_that_fills_the_queue_is_refused_and_nobody_is_dropped(tiny_model_dir: Path) -> None:
    async with running_engine(tiny_model_dir, max_rows=1, queue_size=2) as engine:
        accepted = [ask(engine, tiny_model_dir, "busy") for _ in range(3)]
        with pytest.raises(QueueFull):
            ask(engine, tiny_model_dir, "busy")
        assert len({(await finished(generation)).token_ids for generation in accepted}) == 1


async def test_the_wait_is_estimated_from_what_was_measured(tiny_model_dir: Path) -> None:
    async with running_engine(tiny_model_dir, max_rows=1) as engine:
        measured = await answer(engine, tiny_model_dir, Ask("Ahoy", sampling=LONG))
        running, first, second = (ask(engine, tiny_model_dir, "") for _ in range(3))
        first_wait, second_wait = first.wait_s, second.wait_s
        assert running.wait_s == 0.0
        assert first_wait is not None
        assert second_wait is not None
        assert 0 < first_wait < second_wait
        assert second_wait < 100 * measured.total_s
        running.cancel()
        first.cancel()
        await finished(second)
        assert second.wait_s == 0.0


def test_nobody_guesses_a_wait_before_anything_was_measured() -> None:
    unmeasured = StepTimes(most_prefill=0).seconds(prompt_tokens=10, said=0, most=50)
    assert unmeasured is None
    assert seconds_until_start(1, [unmeasured], []) is None
    assert seconds_until_start(0, [2.0, 1.0], [5.0]) == 2.0  # the second row, free after 1 s, goes to the one ahead


async def test_a_request_that_waits_beyond_its_deadline_ends_with_an_error(tiny_model_dir: Path) -> None:
    async with running_engine(tiny_model_dir, max_rows=1) as engine:
        running = ask(engine, tiny_model_dir, "")
        waiting = ask(engine, tiny_model_dir, "", deadline_s=0.0)
        behind = ask(engine, tiny_model_dir, "")
        with pytest.raises(DeadlineExceeded) as expired:
            await finished(waiting)
        assert not expired.value.started
        assert len((await finished(behind)).token_ids) == len((await finished(running)).token_ids) == 200


async def test_a_reply_that_runs_beyond_its_deadline_ends_and_frees_its_row(tiny_model_dir: Path) -> None:
    async with running_engine(tiny_model_dir, max_rows=1, deadline_seconds=1e-6) as engine:
        with pytest.raises(DeadlineExceeded) as expired:
            await finished(ask(engine, tiny_model_dir, ""))
        assert expired.value.started
        assert "0 seconds" in str(expired.value)
        patient = ask(engine, tiny_model_dir, "", deadline_s=1000.0)
        assert len((await finished(patient)).token_ids) == 200


async def test_a_request_that_waits_for_its_adapter_keeps_its_deadline(tiny_model_dir: Path, tmp_path: Path) -> None:
    version = write_random_adapter(tmp_path / "slow", tiny_model_dir)
    async with running_engine(tiny_model_dir) as engine:
        generation = engine.submit(
            GenerationRequest(prompt_ids(tiny_model_dir, "Ahoy"), LONG, version, deadline_s=0.001)
        )
        with pytest.raises(DeadlineExceeded):
            await finished(generation)


async def test_an_adapter_that_waits_for_a_slot_is_not_overtaken_for_ever(tiny_model_dir: Path, tmp_path: Path) -> None:
    """One slot, two rows, and a queue that always holds a request of the adapter in the slot."""
    first, second = (write_random_adapter(tmp_path / str(n), tiny_model_dir, "pirate", n, seed=n) for n in (1, 2))
    async with running_engine(tiny_model_dir, adapter_slots=1, max_rows=2, queue_size=100) as engine:
        hot = [submit(engine, tiny_model_dir, Ask("Ahoy", first)) for _ in range(2)]
        cold = submit(engine, tiny_model_dir, Ask("Ahoy", second))
        hot += [submit(engine, tiny_model_dir, Ask("Ahoy", first)) for _ in range(30)]
        order = await finishing_order({"cold": cold, **{f"hot {n}": generation for n, generation in enumerate(hot)}})
    assert order.index("cold") < 10
    assert cold.completion is not None
    assert cold.completion.token_ids == oracle_tokens(tiny_model_dir, Ask("Ahoy", second))


def test_a_step_reads_whole_chunks_while_nobody_waits_for_it() -> None:
    times = StepTimes(most_prefill=256)
    assert times.prefill_tokens(decoding=0, reading=1) == 256


def test_a_step_reads_as_much_of_a_prompt_as_stretches_it_by_three_fifths() -> None:
    times = StepTimes(most_prefill=256)
    times.took(0.050, decoded=4, read=0)
    times.took(0.050 + 64 * 0.001, decoded=4, read=64)
    assert times.prefill_tokens(decoding=4, reading=1) == pytest.approx(30, abs=1)


def test_more_rows_than_ever_do_not_make_prompts_seem_dear() -> None:
    times = StepTimes(most_prefill=256)
    times.took(64 * 0.001, decoded=0, read=64)
    times.took(0.010, decoded=1, read=0)
    times.took(0.050 + 4 * 0.001, decoded=16, read=4)
    assert times.prefill_tokens(decoding=16, reading=16) == pytest.approx(5, abs=1)


def test_a_crowd_that_reads_gets_more_of_a_step_than_the_few_who_decode() -> None:
    times = StepTimes(most_prefill=256)
    times.took(0.050, decoded=2, read=0)
    times.took(0.050 + 64 * 0.001, decoded=2, read=64)
    assert times.prefill_tokens(decoding=2, reading=6) == pytest.approx(150, abs=1)


def test_a_prompt_comes_to_its_end_however_slow_it_is() -> None:
    times = StepTimes(most_prefill=256)
    times.took(0.001, decoded=1, read=0)
    times.took(9.0, decoded=1, read=16)
    assert times.prefill_tokens(decoding=1, reading=1) == LEAST_PREFILL
