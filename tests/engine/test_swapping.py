"""Adapters come and go while others generate: registered, resident, in use."""

import asyncio
from pathlib import Path

import pytest

from bot.engine import GenerationRequest, SamplingParams
from bot.engine.adapter_slots import AdapterSlots
from bot.errors import AdapterError, EngineStopped, GenerationFailed
from bot.versions.registry import WEIGHTS, AdapterVersion
from tests.engine.serving import PROMPTS, Ask, answer, answers, finished, oracle_tokens, running_engine, submit
from tests.tiny import write_random_adapter
from tests.waiting import until

LONG = SamplingParams(temperature=0.0, max_tokens=120, ignore_eos=True)


@pytest.fixture(scope="module")
def adapters(tiny_model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> list[AdapterVersion]:
    folder = tmp_path_factory.mktemp("adapters")
    return [
        write_random_adapter(folder / str(n), tiny_model_dir, "pirate", n, rank=1 + n % 4, seed=n) for n in range(1, 7)
    ]


async def test_an_adapter_is_loaded_when_a_request_needs_it(
    tiny_model_dir: Path, adapters: list[AdapterVersion]
) -> None:
    async with running_engine(tiny_model_dir) as engine:
        assert engine.status().resident == ()
        ask = Ask("Ahoy", adapters[0])
        assert (await answer(engine, tiny_model_dir, ask)).token_ids == oracle_tokens(tiny_model_dir, ask)
        assert engine.status().resident == (adapters[0],)


async def test_loading_and_unloading_change_no_running_reply(
    tiny_model_dir: Path, adapters: list[AdapterVersion]
) -> None:
    async with running_engine(tiny_model_dir, adapter_slots=3) as engine:
        asks = [Ask("Ahoy", adapters[0], LONG), Ask("mateys!", None, LONG)]
        running = [submit(engine, tiny_model_dir, ask) for ask in asks]
        tasks = [asyncio.create_task(finished(generation)) for generation in running]
        for _ in range(3):
            for version in adapters[1:]:
                await engine.load(version)
                await engine.unload(version)
        await engine.unload(adapters[0])
        got = await asyncio.gather(*tasks)
        assert engine.status().resident == ()
    assert [completion.token_ids for completion in got] == [oracle_tokens(tiny_model_dir, ask) for ask in asks]


async def test_a_new_version_speaks_beside_the_old_one_which_finishes(
    tiny_model_dir: Path, adapters: list[AdapterVersion]
) -> None:
    old, new = Ask("Ahoy", adapters[0], LONG), Ask("Ahoy", adapters[1], LONG)
    async with running_engine(tiny_model_dir) as engine:
        await engine.load(old.adapter or adapters[0])
        running = asyncio.create_task(answer(engine, tiny_model_dir, old))
        await until(lambda: engine.status().running == 1)
        await engine.load(adapters[1])
        await engine.unload(adapters[0])
        swapped = await answer(engine, tiny_model_dir, new)
        finished_old = await running
    assert finished_old.token_ids == oracle_tokens(tiny_model_dir, old)
    assert swapped.token_ids == oracle_tokens(tiny_model_dir, new)


async def test_more_adapters_than_slots_all_get_their_turn(
    tiny_model_dir: Path, adapters: list[AdapterVersion]
) -> None:
    asks = [Ask(prompt, adapter) for prompt in PROMPTS[:3] for adapter in adapters]
    async with running_engine(tiny_model_dir, adapter_slots=2, max_rows=4) as engine:
        got = await answers(engine, tiny_model_dir, asks)
        assert len(engine.status().resident) == 2
    assert [completion.token_ids for completion in got] == [oracle_tokens(tiny_model_dir, ask) for ask in asks]


async def test_a_request_that_waits_for_a_slot_lets_others_pass(
    tiny_model_dir: Path, adapters: list[AdapterVersion]
) -> None:
    async with running_engine(tiny_model_dir, adapter_slots=1, max_rows=4) as engine:
        holder = submit(engine, tiny_model_dir, Ask("Ahoy", adapters[0], LONG))
        blocked = submit(engine, tiny_model_dir, Ask("Ahoy", adapters[1]))
        passing = await answer(engine, tiny_model_dir, Ask("mateys!"))
        assert holder.completion is None
        assert blocked.completion is None
        assert passing.token_ids == oracle_tokens(tiny_model_dir, Ask("mateys!"))
        holder.cancel()
        got = await finished(blocked)
    assert got.token_ids == oracle_tokens(tiny_model_dir, Ask("Ahoy", adapters[1]))


async def test_an_adapter_in_use_is_never_evicted(tiny_model_dir: Path, adapters: list[AdapterVersion]) -> None:
    async with running_engine(tiny_model_dir, adapter_slots=2) as engine:
        await engine.load(adapters[0])
        running = submit(engine, tiny_model_dir, Ask("Ahoy", adapters[0], LONG))
        for version in adapters[1:5]:
            await engine.load(version)
            assert adapters[0] in engine.status().resident
        assert (await finished(running)).token_ids == oracle_tokens(tiny_model_dir, Ask("Ahoy", adapters[0], LONG))


async def test_a_broken_adapter_fails_its_own_requests_only(
    tiny_model_dir: Path, adapters: list[AdapterVersion], tmp_path: Path
) -> None:
    broken = write_random_adapter(tmp_path / "broken", tiny_model_dir, "broken", 1)
    (broken.path / WEIGHTS).write_bytes(b"not safetensors")
    async with running_engine(tiny_model_dir) as engine:
        doomed = submit(engine, tiny_model_dir, Ask("Ahoy", broken))
        fine = submit(engine, tiny_model_dir, Ask("Ahoy", adapters[0]))
        with pytest.raises(GenerationFailed) as failure:
            await finished(doomed)
        assert "not a valid safetensors" in failure.value.detail
        assert (await finished(fine)).token_ids == oracle_tokens(tiny_model_dir, Ask("Ahoy", adapters[0]))
        with pytest.raises(AdapterError):
            await engine.load(broken)
        assert engine.status().resident == (adapters[0],)


async def test_an_adapter_that_was_repaired_loads(tiny_model_dir: Path, tmp_path: Path) -> None:
    version = write_random_adapter(tmp_path / "repaired", tiny_model_dir)
    weights = (version.path / WEIGHTS).read_bytes()
    (version.path / WEIGHTS).unlink()
    async with running_engine(tiny_model_dir) as engine:
        with pytest.raises(AdapterError):
            await engine.load(version)
        (version.path / WEIGHTS).write_bytes(weights)
        await engine.load(version)
        assert engine.status().resident == (version,)


async def test_loading_after_the_end_is_refused(tiny_model_dir: Path, adapters: list[AdapterVersion]) -> None:
    async with running_engine(tiny_model_dir) as engine:
        await engine.stop()
        with pytest.raises(EngineStopped):
            await engine.load(adapters[0])


async def test_unloading_the_unknown_is_ignored(tiny_model_dir: Path, adapters: list[AdapterVersion]) -> None:
    async with running_engine(tiny_model_dir) as engine:
        await engine.unload(adapters[3])
        assert engine.status().resident == ()


def test_the_least_recently_used_idle_adapter_gives_up_its_slot(adapters: list[AdapterVersion]) -> None:
    slots = AdapterSlots(3)
    for version in adapters[:3]:
        slots.settle(version, slots.claim([]) or 0)
    slots.pin(adapters[0])
    slots.pin(adapters[1])
    slots.unpin(adapters[1])
    slots.claim([])
    assert slots.adapters == (adapters[0], adapters[1])
    assert slots.claim([adapters[1]]) is None


def test_an_adapter_wanted_again_is_no_longer_retired(adapters: list[AdapterVersion]) -> None:
    slots = AdapterSlots(1)
    slots.settle(adapters[0], slots.claim([]) or 0)
    slots.pin(adapters[0])
    slots.retire(adapters[0])
    assert adapters[0] not in slots.adapters
    slots.pin(adapters[0])
    slots.unpin(adapters[0])
    slots.unpin(adapters[0])
    assert slots.adapters == (adapters[0],)


async def test_requests_of_an_unloaded_adapter_load_it_again(
    tiny_model_dir: Path, adapters: list[AdapterVersion]
) -> None:
    async with running_engine(tiny_model_dir, max_rows=1) as engine:
        first = submit(engine, tiny_model_dir, Ask("Ahoy", adapters[0]))
        second = engine.submit(GenerationRequest((5, 6, 7), LONG, adapters[0]))
        await engine.unload(adapters[0])
        await finished(first)
        assert (await finished(second)).adapter == adapters[0]
