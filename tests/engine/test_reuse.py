"""What past requests computed is used again, and changes no token; transformers with PEFT is the oracle."""

import asyncio
from pathlib import Path

import pytest

from bot.engine import Completion, GenerationRequest, SamplingParams
from bot.engine.prefix_cache import BLOCK, PrefixCache
from bot.engine.torch_engine import TorchEngine
from bot.versions.registry import AdapterVersion
from tests.engine.serving import Ask, answer, answers, finished, oracle_tokens, prompt_ids, running_engine, submit
from tests.tiny import Kind, write_random_adapter, write_tiny_model

KINDS: list[Kind] = ["llama", "qwen3", "gemma3"]
SHORT = SamplingParams(temperature=0.0, max_tokens=12, ignore_eos=True)
SYSTEM = "Explain gravity. What is a car? Is Paris in France? The cat sat. " * 4


@pytest.fixture(scope="module", params=KINDS)
def model_dir(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With sliding-window layers too."""
    return write_tiny_model(tmp_path_factory.mktemp("model") / request.param, request.param)


@pytest.fixture
def two_versions(tiny_model_dir: Path, tmp_path: Path) -> tuple[AdapterVersion, AdapterVersion]:
    return (
        write_random_adapter(tmp_path / "1", tiny_model_dir, "pirate", 1, seed=1),
        write_random_adapter(tmp_path / "2", tiny_model_dir, "pirate", 2, seed=2),
    )


async def test_a_conversation_reads_only_what_is_new_and_answers_as_a_fresh_one(
    model_dir: Path, tmp_path: Path
) -> None:
    adapter = write_random_adapter(tmp_path / "a", model_dir)
    ids = prompt_ids(model_dir, SYSTEM)
    async with (
        running_engine(model_dir, context_tokens=512) as engine,
        running_engine(model_dir, context_tokens=512, kept_tokens=0) as fresh,
    ):
        known = ids[:0]
        for turn in range(6):
            request = GenerationRequest(ids, SHORT, adapter, "tavern")
            got, expected = await finished(engine.submit(request)), await finished(fresh.submit(request))
            assert got.token_ids == expected.token_ids
            assert expected.reused_tokens == 0
            assert 0 <= len(known) - got.reused_tokens < BLOCK
            known = ids + got.token_ids[:-1]
            ids = ids + got.token_ids + prompt_ids(model_dir, f"And then {turn}?")


async def test_another_channel_shares_the_beginning_and_nothing_else(tiny_model_dir: Path, tmp_path: Path) -> None:
    adapter = write_random_adapter(tmp_path / "a", tiny_model_dir)
    first, second = Ask(SYSTEM + "Ahoy", adapter), Ask(SYSTEM + "mateys!", adapter)
    async with running_engine(tiny_model_dir) as engine:
        await finished(submit(engine, tiny_model_dir, first, "tavern"))
        got = await finished(submit(engine, tiny_model_dir, second, "harbour"))
    shared = len(prompt_ids(tiny_model_dir, SYSTEM))
    assert shared - BLOCK < got.reused_tokens <= shared
    assert got.token_ids == oracle_tokens(tiny_model_dir, second)


async def test_a_beginning_that_many_ask_for_at_once_is_read_once(tiny_model_dir: Path, tmp_path: Path) -> None:
    adapter = write_random_adapter(tmp_path / "a", tiny_model_dir)
    asks = [Ask(f"{SYSTEM}{end}", adapter) for end in ("Ahoy", "mateys!", "The cat", "Is it?")]
    async with running_engine(tiny_model_dir, prefill_tokens=32) as engine:
        await engine.load(adapter)
        got = await answers(engine, tiny_model_dir, asks)
    assert [c.token_ids for c in got] == [oracle_tokens(tiny_model_dir, ask) for ask in asks]
    assert [c.reused_tokens > 64 for c in got] == [False, True, True, True]


async def test_another_version_never_gets_the_old_versions_keys_and_values(
    tiny_model_dir: Path, two_versions: tuple[AdapterVersion, AdapterVersion]
) -> None:
    asks = [Ask(SYSTEM, version) for version in (*two_versions, None)]
    async with running_engine(tiny_model_dir) as engine:
        for ask in asks:
            completion = await finished(submit(engine, tiny_model_dir, ask, "tavern"))
            assert completion.reused_tokens == 0
            assert completion.token_ids == oracle_tokens(tiny_model_dir, ask)
        again = await finished(submit(engine, tiny_model_dir, asks[0], "tavern"))
    assert again.reused_tokens > 0
    assert again.token_ids == oracle_tokens(tiny_model_dir, asks[0])


async def test_penalties_count_the_tokens_that_were_not_read_again(tiny_model_dir: Path) -> None:
    sampling = SamplingParams(temperature=0.0, max_tokens=24, repetition_penalty=1.5, ignore_eos=True)
    ask = Ask(SYSTEM, None, sampling)
    async with running_engine(tiny_model_dir) as engine:
        first = await answer(engine, tiny_model_dir, ask)
        await answers(engine, tiny_model_dir, [Ask("Ahoy"), Ask("mateys!")])
        second = await answer(engine, tiny_model_dir, ask)
    assert second.reused_tokens > 0
    assert first.token_ids == second.token_ids == oracle_tokens(tiny_model_dir, ask)


async def test_what_a_cancelled_reply_had_said_is_used_again_and_no_more(tiny_model_dir: Path) -> None:
    long = SamplingParams(temperature=0.0, max_tokens=100, ignore_eos=True)
    async with running_engine(tiny_model_dir, max_rows=1) as engine:
        cancelled = await _cancelled_after_chunks(engine, tiny_model_dir, Ask("Ahoy", None, long), 30)
        others = await answers(engine, tiny_model_dir, [Ask("The cat sat"), Ask("Is Paris in France?")])
        got = await answer(engine, tiny_model_dir, Ask("Ahoy", None, long))
    expected = oracle_tokens(tiny_model_dir, Ask("Ahoy", None, long))
    assert cancelled.token_ids == expected[: len(cancelled.token_ids)]
    assert got.token_ids == expected
    assert [c.token_ids for c in others] == [
        oracle_tokens(tiny_model_dir, ask) for ask in (Ask("The cat sat"), Ask("Is Paris in France?"))
    ]


async def _cancelled_after_chunks(engine: TorchEngine, model_dir: Path, ask: Ask, chunks: int) -> Completion:
    generation = submit(engine, model_dir, ask, "tavern")
    heard = 0
    async for _ in generation:
        heard += 1
        if heard == chunks:
            generation.cancel()
    assert generation.completion is not None
    return generation.completion


@pytest.mark.parametrize("kept_tokens", [0, 5, BLOCK, 40])
async def test_a_small_prefix_cache_changes_no_answer(tiny_model_dir: Path, kept_tokens: int) -> None:
    asks = [Ask(SYSTEM + end) for end in ("Ahoy", "mateys!", "Ahoy", "The cat", "mateys!")]
    async with running_engine(tiny_model_dir, kept_tokens=kept_tokens, max_rows=2) as engine:
        got = await answers(engine, tiny_model_dir, asks)
        later = await asyncio.gather(*(answer(engine, tiny_model_dir, ask) for ask in reversed(asks)))
    expected = [oracle_tokens(tiny_model_dir, ask) for ask in asks]
    assert [c.token_ids for c in got] == expected
    assert [c.token_ids for c in reversed(later)] == expected
    assert all(c.reused_tokens <= kept_tokens for c in (*got, *later))


async def test_a_row_whose_last_words_go_on_another_way_answers_as_a_fresh_one(model_dir: Path, tmp_path: Path) -> None:
    """One row: each request finds there what the last one left, of it shares more or less, and of another speaker."""
    adapter = write_random_adapter(tmp_path / "a", model_dir)
    asks = [
        Ask(SYSTEM + end, speaker, SHORT)
        for end in ("Ahoy", "Ahoy mateys! Is it?", "Explain a car.", "Ahoy")
        for speaker in (adapter, adapter, None)
    ]
    async with (
        running_engine(model_dir, context_tokens=512, max_rows=1) as engine,
        running_engine(model_dir, context_tokens=512, kept_tokens=0) as fresh,
    ):
        got = [await answer(engine, model_dir, ask) for ask in asks]
        expected = [await answer(fresh, model_dir, ask) for ask in asks]
    assert [completion.token_ids for completion in got] == [completion.token_ids for completion in expected]
    assert all(completion.reused_tokens for completion in got[3:])


def tokens(count: int, start: int = 0) -> tuple[int, ...]:
    return tuple(range(start, start + count))


def test_the_prefix_cache_gives_the_longest_kept_beginning_to_the_token() -> None:
    kept = PrefixCache(8)
    assert kept.find(None, tokens(20)) == ([], 0)
    first, blocks = kept.keep(None, tokens(20))
    assert (first, len(blocks)) == (0, 3)
    assert kept.find(None, tokens(30)) == (blocks, 20)
    assert kept.find(None, tokens(15)) == (blocks[:2], 15)
    assert kept.find(None, tokens(8)) == (blocks[:1], 8)
    assert kept.find(None, (*tokens(12), 99, 99, 99, 99)) == (blocks[:2], 12)
    assert kept.find(None, tokens(20, start=1)) == ([], 0)


def test_of_several_ways_on_the_one_that_goes_furthest_along_is_given() -> None:
    kept = PrefixCache(8)
    for said in (2, 5, 3):
        kept.keep(None, (*tokens(8 + said), *tokens(8 - said, start=100 * said)))
    _, known = kept.find(None, tokens(20))
    assert known == 13


def test_what_is_kept_already_is_not_kept_twice() -> None:
    kept = PrefixCache(8)
    kept.keep(None, tokens(16))
    first, blocks = kept.keep(None, tokens(32))
    assert (first, len(blocks)) == (2, 2)
    assert kept.keep(None, tokens(29)) == (3, [])
    assert kept.used_blocks == 4


def test_the_ends_of_the_least_recently_used_beginnings_make_room() -> None:
    kept = PrefixCache(4)
    kept.keep(None, tokens(16))
    kept.keep(None, tokens(16, start=100))
    kept.find(None, tokens(16))
    kept.keep(None, tokens(8, start=200))
    assert kept.count(None, tokens(16)) == 16
    assert kept.count(None, tokens(16, start=100)) == BLOCK
    assert kept.used_blocks == 4


def test_a_beginning_longer_than_the_prefix_cache_is_kept_as_far_as_it_fits() -> None:
    kept = PrefixCache(3)
    kept.keep(None, tokens(8, start=100))
    _, blocks = kept.keep(None, tokens(80))
    assert len(set(blocks)) == len(blocks) == 3
    assert kept.keep(None, tokens(80)) == (3, [])
