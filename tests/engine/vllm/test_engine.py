"""The engine before vLLM servers, as callers see it: streams, turns, limits, cancellation, adapters, rules."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.engine import Completion, FinishReason, Generation, GenerationRequest, SamplingParams
from bot.engine.adapter_trial import try_out
from bot.engine.vllm import VllmEngine
from bot.errors import DeadlineExceeded, EmptyPrompt, EngineStopped, GenerationFailed, PromptTooLong, QueueFull
from bot.personas.rules import Rules
from bot.versions.registry import AdapterVersion
from tests.engine.serving import files_of, finished, prompt_ids
from tests.engine.vllm.conftest import SAYS
from tests.engine.vllm.scripted_server import Fault, ScriptedServer
from tests.tiny import write_random_adapter

Engines = Callable[..., Any]
PLAIN = SamplingParams(max_tokens=100)


@pytest.fixture
def serving(tiny_model_dir: Path, options: Callable[..., Any]) -> Engines:
    @asynccontextmanager
    async def make(*servers: ScriptedServer, **settings: Any) -> AsyncIterator[VllmEngine]:
        async with AsyncExitStack() as stack:
            for server in servers:
                await stack.enter_async_context(server.serve())
            engine = VllmEngine(files_of(tiny_model_dir), options(*servers, **settings))
            await engine.start()
            stack.push_async_callback(engine.stop)
            yield engine

    return make


@pytest.fixture
def ask(tiny_model_dir: Path) -> Callable[..., Generation]:
    def make(engine: VllmEngine, sampling: SamplingParams = PLAIN, prompt: str = "Ahoy", **facts: Any) -> Generation:
        return engine.submit(GenerationRequest(prompt_ids(tiny_model_dir, prompt), sampling, **facts))

    return make


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


async def heard(generation: Generation) -> tuple[str, Completion]:
    shown = [chunk.text async for chunk in generation]
    assert generation.completion is not None
    return "".join(shown), generation.completion


async def test_a_reply_streams_and_says_why_it_ended(serving, scripted, ask, tiny_model_dir):
    async with serving(scripted()) as engine:
        text, completion = await heard(ask(engine))
    assert text == completion.text == SAYS
    assert completion.token_ids == prompt_ids(tiny_model_dir, SAYS)
    assert completion.finish_reason is FinishReason.STOP
    assert completion.prompt_tokens == len(prompt_ids(tiny_model_dir, "Ahoy"))
    assert completion.first_token_s is not None


async def test_every_sampling_setting_is_sent(serving, scripted, ask):
    sampling = SamplingParams(
        temperature=1.5, top_p=0.8, top_k=40, min_p=0.05, repetition_penalty=1.2, seed=11, max_tokens=7
    )
    async with serving(server := scripted()) as engine:
        _, completion = await heard(ask(engine, sampling))
    sent = server.requests[0]
    names = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty", "seed", "max_tokens")
    assert [sent[name] for name in names] == [1.5, 0.8, 40, 0.05, 1.2, 11, 7]
    assert completion.seed == 11
    assert completion.finish_reason is FinishReason.LENGTH
    assert len(completion.token_ids) == 7


async def test_a_stop_string_is_never_shown(serving, scripted, ask):
    async with serving(scripted()) as engine:
        text, completion = await heard(ask(engine, SamplingParams(stop=("France",), max_tokens=100)))
    assert text == completion.text == "Is Paris in "
    assert completion.finish_reason is FinishReason.STOP


async def test_what_cannot_run_is_refused_at_once(serving, scripted, ask):
    async with serving(scripted()) as engine:
        with pytest.raises(EmptyPrompt):
            engine.submit(GenerationRequest((), PLAIN))
        with pytest.raises(PromptTooLong):
            engine.submit(GenerationRequest(tuple([5] * 256), PLAIN))
        with pytest.raises(GenerationFailed):
            ask(engine, SamplingParams(temperature=2.5))
    with pytest.raises(EngineStopped):
        ask(engine)


async def test_a_full_queue_refuses_and_positions_are_known(serving, scripted, ask):
    async with serving(server := scripted(holds=1), max_rows=1, queue_size=2) as engine:
        running = ask(engine, channel="a")
        await until(lambda: len(server.requests) == 1)
        waiting = [ask(engine, channel="b"), ask(engine, channel="c")]
        with pytest.raises(QueueFull) as full:
            ask(engine, channel="d")
        assert full.value.waiting == 2
        assert [generation.position for generation in (running, *waiting)] == [0, 0, 1]
        assert (engine.status().running, engine.status().waiting) == (1, 2)
        server.go.set()
        for generation in (running, *waiting):
            assert (await heard(generation))[0] == SAYS
        last = ask(engine)
        assert last.wait_s == 0.0
        last.cancel()


async def test_a_wait_is_estimated_from_what_replies_took(serving, scripted, ask):
    async with serving(server := scripted(), max_rows=1) as engine:
        await heard(ask(engine))
        server.holds = 1
        ask(engine, channel="a")
        wait = ask(engine, channel="b").wait_s
        assert wait is not None
        assert wait > 0


async def test_a_busy_channel_takes_turns_with_a_quiet_one(serving, scripted, ask):
    async with serving(server := scripted(holds=0), max_rows=1) as engine:
        ask(engine, channel="busy")
        busy = [ask(engine, channel="busy", prompt=f"{n}") for n in range(3)]
        quiet = ask(engine, channel="quiet")
        assert [generation.position for generation in (*busy, quiet)] == [1, 2, 3, 0]
        server.go.set()


async def test_cancelling_closes_the_connection_and_keeps_what_was_said(serving, scripted, ask):
    async with serving(server := scripted(holds=4)) as engine:
        generation = ask(engine)
        pieces = aiter(generation)
        said = (await anext(pieces)).text
        generation.cancel()
        async for chunk in pieces:
            said += chunk.text
        assert generation.completion is not None
        assert generation.completion.finish_reason is FinishReason.CANCELLED
        assert SAYS.startswith(said)
        assert generation.completion.text == said
        await until(lambda: server.open == 0)
        assert engine.status().running == 0


async def test_a_waiting_reply_that_is_cancelled_lets_the_next_one_move_up(serving, scripted, ask):
    async with serving(scripted(holds=0), max_rows=1) as engine:
        ask(engine, channel="a")
        first, second = ask(engine, channel="b"), ask(engine, channel="c")
        first.cancel()
        assert second.position == 0
        assert (await heard(first))[1].finish_reason is FinishReason.CANCELLED


@pytest.mark.parametrize(("rows", "started"), [(1, False), (2, True)])
async def test_a_reply_ends_by_its_deadline_waiting_or_running(serving, scripted, ask, rows, started):
    async with serving(server := scripted(holds=1), max_rows=rows) as engine:
        ask(engine, channel="a")
        late = ask(engine, channel="b", deadline_s=0.1)
        with pytest.raises(DeadlineExceeded) as exceeded:
            await finished(late)
        assert exceeded.value.started is started
        await until(lambda: server.open == 1)


async def test_stopping_ends_what_runs_and_what_waits(serving, scripted, ask):
    async with serving(scripted(holds=1), max_rows=1) as engine:
        generations = [ask(engine, channel="a"), ask(engine, channel="b")]
        await engine.stop()
        for generation in generations:
            with pytest.raises(EngineStopped):
                await finished(generation)


async def test_an_adapter_is_published_under_a_name_that_never_changes(serving, scripted, ask, pirate, tmp_path):
    async with serving(server := scripted()) as engine:
        await heard(ask(engine, adapter=pirate))
        await heard(ask(engine))
    name = f"pirate@1-{pirate.sha256[:16]}"
    assert [request["model"] for request in server.requests] == [name, "plain@0"]
    published = tmp_path / "served" / name
    assert json.loads((published / "adapter_config.json").read_text())["base_model_name_or_path"] == server.model
    assert (published / "adapter_model.safetensors").read_bytes() == (
        pirate.path / "adapter_model.safetensors"
    ).read_bytes()


async def test_a_version_that_speaks_nowhere_is_withdrawn_once_its_replies_have_ended(
    serving, scripted, ask, pirate, tmp_path
):
    async with serving(server := scripted(holds=1), forget_seconds=0.0) as engine:
        await engine.load(pirate)
        folder = tmp_path / "served" / f"pirate@1-{pirate.sha256[:16]}"
        generation = ask(engine, adapter=pirate)
        await until(lambda: len(server.requests) == 1)
        await engine.unload(pirate)
        for _ in range(5):  # turns of the loop: an idle one would go in the next
            await asyncio.sleep(0)
        assert folder.is_dir()
        server.go.set()
        assert (await heard(generation))[0] == SAYS
        await until(lambda: not folder.exists())
        assert engine.status().resident == ()
        assert (await heard(ask(engine, adapter=pirate)))[0] == SAYS


async def test_a_corrupt_adapter_fails_its_own_replies_and_no_others(serving, scripted, ask, pirate, tmp_path):
    broken = AdapterVersion("broken", 1, "0" * 64, tmp_path / "nothing")
    async with serving(scripted()) as engine:
        doomed, fine = ask(engine, adapter=broken), ask(engine, adapter=pirate)
        with pytest.raises(GenerationFailed):
            await finished(doomed)
        assert (await heard(fine))[0] == SAYS
    assert not list((tmp_path / "served").glob("broken*"))


async def test_forbidden_characters_are_constrained_there_and_checked_here(serving, scripted, ask):
    rules = Rules(forbidden_characters=("F",))
    async with serving(server := scripted()) as engine:
        text, _ = await heard(ask(engine, SamplingParams(rules=rules, max_tokens=100)))
    assert server.requests[0]["structured_outputs"]["regex"].startswith("[^")
    assert text  # the scripted server ignores the constraint
    assert rules.permit(text)


async def test_a_reply_that_must_end_with_a_mark_is_asked_to_go_on(serving, scripted, ask):
    rules = Rules(endings=("!",))
    async with serving(server := scripted("Ahoy, mateys. Ahoy")) as engine:
        text, _ = await heard(ask(engine, SamplingParams(rules=rules, max_tokens=100)))
    assert text.endswith("!")
    assert server.requests[1]["min_tokens"] == 1


async def test_lengths_are_kept_and_the_server_need_not_go_on(serving, scripted, ask):
    async with serving(server := scripted(), max_rows=1) as engine:
        text, completion = await heard(ask(engine, SamplingParams(rules=Rules(max_words=4), max_tokens=100)))
        assert text == "Is Paris in France?"
        assert completion.finish_reason is FinishReason.STOP
        await until(lambda: server.open == 0)


FAULTS = [(fault, after) for fault in Fault for after in (0, 5)]
LASTING = (Fault.NO_ADAPTER, Fault.BAD_REQUEST)
TRANSIENT = [(fault, after) for fault, after in FAULTS if fault not in LASTING and fault is not Fault.CLOSES]


@pytest.mark.parametrize(("fault", "after"), TRANSIENT)
async def test_what_a_server_loses_is_said_elsewhere_and_nothing_twice(serving, scripted, ask, fault, after):
    async with serving(first := scripted(), second := scripted()) as engine:
        first.faults.append((fault, after))
        second.faults.append((fault, after))
        text, completion = await heard(ask(engine))
        assert text == completion.text == SAYS
        assert len(first.requests) + len(second.requests) == 3


async def test_a_connection_that_was_closing_is_tried_once_more_and_blames_nobody(serving, scripted, ask, caplog):
    async with serving(first := scripted(), second := scripted()) as engine:
        first.faults.append((Fault.CLOSES, 0))
        second.faults.append((Fault.CLOSES, 0))
        assert (await heard(ask(engine)))[0] == SAYS
        assert sorted([len(first.requests), len(second.requests)]) == [0, 2]
    assert not [record for record in caplog.records if record.name.startswith("bot") and record.levelname != "INFO"]


async def test_a_promotion_changes_no_running_reply_and_gets_a_name_of_its_own(
    serving, scripted, ask, pirate, tiny_model_dir, tmp_path
):
    promoted = write_random_adapter(tmp_path / "rebuilt", tiny_model_dir, number=pirate.number, seed=9)
    async with serving(server := scripted(holds=3)) as engine:
        await engine.load(pirate)
        old = ask(engine, adapter=pirate)
        await until(lambda: len(server.requests) == 1)
        await engine.load(promoted)
        await engine.unload(pirate)
        new = ask(engine, adapter=promoted)
        await until(lambda: len(server.requests) == 2)
        server.go.set()
        assert [(await heard(generation))[0] for generation in (old, new)] == [SAYS, SAYS]
    names = [request["model"] for request in server.requests]
    assert len(set(names)) == 2
    weights = [(tmp_path / "served" / name / "adapter_model.safetensors").read_bytes() for name in names]
    assert weights[1] == (promoted.path / "adapter_model.safetensors").read_bytes() != weights[0]


@pytest.mark.parametrize("fault", LASTING)
async def test_what_no_server_will_answer_ends_in_a_plain_sentence(serving, scripted, ask, fault, caplog):
    async with serving(server := scripted()) as engine:
        server.faults.append((fault, 0))
        with caplog.at_level(logging.ERROR), pytest.raises(GenerationFailed):
            await finished(ask(engine))
        assert fault.value in caplog.text
        assert (await heard(ask(engine)))[0] == SAYS


async def test_a_reply_that_loses_server_after_server_is_given_up(serving, scripted, ask):
    async with serving(server := scripted()) as engine:
        server.faults.extend([(Fault.DIES, 1)] * 4)
        with pytest.raises(GenerationFailed):
            await finished(ask(engine))
        assert (await heard(ask(engine)))[0] == SAYS


async def test_a_lost_reply_goes_on_with_other_random_numbers(serving, scripted, ask):
    async with serving(server := scripted()) as engine:
        server.faults.append((Fault.DIES, 5))
        await heard(ask(engine, SamplingParams(seed=3, max_tokens=100)))
    first, second = server.requests
    assert len(second["prompt"]) == len(first["prompt"]) + 5
    assert second["max_tokens"] == first["max_tokens"] - 5
    assert first["seed"] == 3
    assert second["seed"] != 3


async def test_replies_wait_while_no_server_is_well_and_go_on_when_one_is(serving, scripted, ask):
    async with serving(server := scripted(well=False)) as engine:
        generation = ask(engine, channel="a")
        behind = ask(engine, channel="b")
        assert (generation.position, behind.position) == (0, 1)
        assert engine.status().max_rows == 0
        server.well = True
        assert (await heard(generation))[0] == SAYS
        assert (await heard(behind))[0] == SAYS


async def test_an_adapter_is_not_tried_for_long_while_no_server_is_well(serving, scripted, pirate):
    async with serving(server := scripted(well=False)) as engine:
        with pytest.raises(DeadlineExceeded):
            await try_out(engine, pirate, seconds=0.05)
        server.well = True
        await try_out(engine, pirate)


async def test_a_channel_keeps_its_server_and_others_go_where_there_is_room(serving, scripted, ask):
    async with serving(first := scripted(), second := scripted()) as engine:
        for _ in range(3):
            await heard(ask(engine, channel="a"))
        assert sorted([len(first.requests), len(second.requests)]) == [0, 3]
        first.holds = second.holds = 0
        for number in range(4):
            ask(engine, channel=f"other {number}")
        await until(lambda: len(first.requests) + len(second.requests) == 7)
        assert (first.open, second.open) == (2, 2)


@pytest.mark.parametrize(
    ("facts", "remedy"), [({"model": "/another"}, "set vllm.model"), ({"context_tokens": 64}, "--max-model-len 256")]
)
async def test_a_server_of_another_model_or_context_is_not_used(serving, scripted, ask, caplog, facts, remedy):
    server = scripted()
    for name, value in facts.items():
        setattr(server, name, value)
    async with serving(server) as engine:
        generation = ask(engine, deadline_s=0.1)
        with pytest.raises(DeadlineExceeded):
            await finished(generation)
    assert server.requests == []
    assert caplog.text.count(remedy) == 1
