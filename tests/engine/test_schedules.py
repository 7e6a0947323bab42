"""Random schedules of everything that may happen to the engine; after each step its books must balance, and at the end
every reply must be the one it would have been alone."""

from collections import Counter
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.engine import Completion, FinishReason, GenerationRequest, SamplingParams
from bot.engine.adapter_checks import AdapterTarget
from bot.engine.adapter_files import read_adapter
from bot.engine.adapter_loading import AdapterLoading
from bot.engine.adapter_slots import AdapterSlots
from bot.engine.live_request import Event, LiveRequest
from bot.engine.loop import EngineLoop
from bot.engine.model import ServedModel
from bot.engine.options import EngineOptions
from bot.engine.placement import place
from bot.engine.prefix_cache import PrefixCache
from bot.engine.prefix_reuse import PrefixReuse
from bot.engine.ruled_choice import RuledChoice
from bot.engine.runner import Runner
from bot.engine.scheduler import Scheduler
from bot.engine.step import Step
from bot.engine.step_times import StepTimes
from bot.engine.text import TextStream
from bot.engine.token_masks import TokenMasks
from bot.errors import AdapterError, DeadlineExceeded, GenerationFailed, QueueFull
from bot.versions.registry import AdapterVersion
from tests.engine.serving import files_of, prompt_ids, tokenizer_of
from tests.tiny import write_random_adapter

ROWS, SLOTS, QUEUE, BLOCKS, CONTEXT = 3, 2, 4, 12, 96
PERSONAS = ("pirate", "critic")
VERSIONS = 2
MOST_TURNS = 3000
BEGINNING = "Explain gravity. What is a car? "
PROMPTS = ("Ahoy", BEGINNING, BEGINNING + "Is Paris in France?", BEGINNING + "The cat sat. Ahoy, mateys!")
SAMPLINGS = (
    SamplingParams(temperature=0.0, max_tokens=9, ignore_eos=True),
    SamplingParams(temperature=0.0, max_tokens=6, repetition_penalty=1.4, ignore_eos=True),
    SamplingParams(temperature=1.0, max_tokens=8, seed=5, top_p=0.9),
    SamplingParams(temperature=1.0, max_tokens=8, seed=6, stop=("a", "e")),
)


class FailingModel(ServedModel):
    """Its forward pass raises while it works on the row that the test has chosen."""

    failing_row: int | None = None

    def run(self, step: Step) -> torch.Tensor:
        if any(segment.row == self.failing_row for segment in step.segments):
            raise RuntimeError("a kernel failed")
        return super().run(step)


class InlineLoader:
    """AdapterIO without its thread, so that a schedule can be told again."""

    def __init__(self, target: AdapterTarget, model: ServedModel, broken: AdapterVersion) -> None:
        self._target, self._model, self._broken = target, model, broken

    def read(self, version: AdapterVersion) -> Future[Any]:
        future: Future[Any] = Future()
        if version == self._broken:
            future.set_exception(AdapterError(f"{version} is broken."))
        else:
            future.set_result(read_adapter(version, self._target))
        return future

    def write(self, slot: int, shares: Any) -> Future[None]:
        future: Future[None] = Future()
        self._model.write_slot(slot, shares)
        future.set_result(None)
        return future

    def forget(self, version: AdapterVersion) -> None: ...

    def keep_only(self, wanted: Any) -> None: ...


@dataclass
class Ear:
    """Hears what becomes of a request."""

    abandoned: bool = False
    events: list[Event] = field(default_factory=list)

    def hear(self, event: Event) -> None:
        assert not any(isinstance(earlier, Completion | Exception) for earlier in self.events), "a reply ended twice"
        self.events.append(event)

    @property
    def end(self) -> Event:
        return self.events[-1]


Parts = tuple[Scheduler, AdapterLoading, PrefixCache, EngineLoop]


@dataclass(frozen=True)
class World:
    """Models and adapters that all schedules share; rows and slots hold what earlier ones left there."""

    model_dir: Path
    served: FailingModel
    alone: FailingModel
    adapters: dict[tuple[str, int], AdapterVersion]
    broken: AdapterVersion

    def engine(
        self, model: FailingModel, rows: int, blocks: int
    ) -> tuple[Scheduler, AdapterLoading, PrefixCache, EngineLoop]:
        scheduler = Scheduler(rows, QUEUE, StepTimes(most_prefill=8), AdapterSlots(SLOTS))
        target = AdapterTarget(files_of(self.model_dir).fingerprint, model.adaptable_layers(), max_rank=4)
        loading = AdapterLoading(scheduler, InlineLoader(target, model, self.broken))  # type: ignore[arg-type]
        tokenizer = tokenizer_of(self.model_dir)
        runner = Runner(model, ROWS, RuledChoice(TokenMasks(tokenizer, frozenset(model.end_ids()))))
        kept = PrefixCache(blocks)
        return scheduler, loading, kept, EngineLoop(scheduler, loading, runner, PrefixReuse(runner, kept))

    def live(self, request: GenerationRequest) -> tuple[LiveRequest, Ear]:
        ear, tokenizer = Ear(), tokenizer_of(self.model_dir)
        stream = TextStream(tokenizer, request.sampling.stop)
        ends = frozenset({tokenizer.eos_token_id})
        return LiveRequest(request, request.sampling.seed or 0, stream, ear, CONTEXT, ends, request.deadline_s), ear

    @cache  # noqa: B019 — the world lives as long as the tests
    def expected(self, prompt: str, adapter: AdapterVersion | None, sampling: SamplingParams) -> tuple[int, ...]:
        """What the request is answered by a fresh engine that does nothing else."""
        scheduler, _, _, loop = self.engine(self.alone, rows=1, blocks=0)
        live, ear = self.live(GenerationRequest(prompt_ids(self.model_dir, prompt), sampling, adapter))
        scheduler.submit(live)
        with torch.inference_mode():
            while not live.ended:
                loop.turn()
        assert isinstance(ear.end, Completion)
        return ear.end.token_ids

    def __hash__(self) -> int:
        return id(self)


@pytest.fixture(scope="module")
def world(tiny_gemma3_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """With sliding-window layers."""
    folder, model_dir = tmp_path_factory.mktemp("schedules"), tiny_gemma3_dir

    def loaded() -> FailingModel:
        model = FailingModel(files_of(model_dir), place(EngineOptions(device="cpu", precision="fp32")), ROWS, CONTEXT)
        model.make_slots(SLOTS, 4)
        model.make_prefix_blocks(BLOCKS)
        return model

    adapters = {
        (persona, number): write_random_adapter(folder / f"{persona}{number}", model_dir, persona, number, seed=seed)
        for seed, (persona, number) in enumerate((p, n) for p in PERSONAS for n in range(1, VERSIONS + 1))
    }
    return World(model_dir, loaded(), loaded(), adapters, AdapterVersion("broken", 1, "0", folder))


@dataclass
class Asked:
    prompt: str
    live: LiveRequest
    ear: Ear
    may_fail: bool = False


class Schedules(RuleBasedStateMachine):
    world: World

    @initialize()
    def start(self) -> None:
        self.scheduler, self.loading, self.kept, self.loop = self.world.engine(self.world.served, ROWS, BLOCKS)
        self.world.served.failing_row = None
        self.speaking = dict.fromkeys(PERSONAS, 1)
        self.asked: list[Asked] = []

    @rule(
        prompt=st.sampled_from(PROMPTS),
        persona=st.sampled_from([*PERSONAS, "broken", None]),
        sampling=st.sampled_from(SAMPLINGS),
        channel=st.sampled_from(["", "tavern", "harbour"]),
        deadline_s=st.sampled_from([None, None, None, 0.0]),
    )
    def submit(
        self, prompt: str, persona: str | None, sampling: SamplingParams, channel: str, deadline_s: float | None
    ) -> None:
        adapted = {"broken": self.world.broken, **{name: self._version(name) for name in PERSONAS}}
        version = None if persona is None else adapted[persona]
        ids = prompt_ids(self.world.model_dir, prompt)
        live, ear = self.world.live(GenerationRequest(ids, sampling, version, channel, deadline_s))
        full = len(self.scheduler.waiting) == QUEUE
        try:
            self.scheduler.submit(live)
        except QueueFull:
            assert full, "refused although there was room"
        else:
            self.asked.append(Asked(prompt, live, ear, may_fail=persona == "broken" or deadline_s is not None))

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        self.scheduler.cancel(data.draw(st.sampled_from(self.asked)).live)

    @rule(persona=st.sampled_from(PERSONAS))
    def load(self, persona: str) -> None:
        self.loading.load(self._version(persona))

    @rule(persona=st.sampled_from(PERSONAS))
    def unload(self, persona: str) -> None:
        self.scheduler.retire(self._version(persona))

    @rule(persona=st.sampled_from(PERSONAS), number=st.integers(1, VERSIONS))
    def promote(self, persona: str, number: int) -> None:
        old = self._version(persona)
        self.speaking[persona] = number
        self.loading.load(self._version(persona))
        if self._version(persona) != old:
            self.scheduler.retire(old)

    @rule()
    def load_what_is_broken(self) -> None:
        loading = self.loading.load(self.world.broken)
        self.step()
        assert isinstance(loading.exception(timeout=0), AdapterError)

    @rule(count=st.integers(1, 6))
    def step_on(self, count: int) -> None:
        for _ in range(count):
            self.step()
            self.books_balance()

    @precondition(lambda self: self.scheduler.running)
    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        doomed = data.draw(st.sampled_from(self.scheduler.running))
        next(asked for asked in self.asked if asked.live is doomed).may_fail = True
        self.world.served.failing_row = doomed.row
        self.step()
        self.world.served.failing_row = None

    @invariant()
    def books_balance(self) -> None:
        running, waiting = self.scheduler.running, self.scheduler.waiting
        assert sorted([*(live.row or 0 for live in running), *self.scheduler.free_rows]) == list(range(ROWS))
        assert len(waiting) <= QUEUE
        assert [self.scheduler.position(live) for live in waiting] == list(range(len(waiting)))
        assert all(live.row is None and not live.ended for live in waiting)
        assert all(0 <= live.cached < len(live.ids) for live in running)
        assert all(asked.live in running or asked.live in waiting for asked in self.asked if not asked.live.ended)
        assert self.kept.used_blocks <= BLOCKS
        self._slots_balance(running)

    def teardown(self) -> None:
        for _ in range(MOST_TURNS):
            if all(asked.live.ended for asked in self.asked):
                break
            self.step()
        self.step()
        assert not self.scheduler.running
        assert not self.scheduler.waiting
        self.books_balance()
        for asked in self.asked:
            self._is_right(asked)

    def step(self) -> None:
        with torch.inference_mode():
            self.loop.turn()

    def _version(self, persona: str) -> AdapterVersion:
        return self.world.adapters[persona, self.speaking[persona]]

    def _slots_balance(self, running: tuple[LiveRequest, ...]) -> None:
        residents = self.scheduler.slots
        pins = Counter(live.request.adapter for live in running if live.request.adapter)
        assert all(residents.users(version) == pins[version] for version in self.world.adapters.values())
        slots = {(live.request.adapter, live.slot) for live in running}
        assert len(dict(slots)) == len(slots) == len({slot for _, slot in slots}), "two adapters share a slot"
        assert all((slot == 0) == (version is None) for version, slot in slots)

    def _is_right(self, asked: Asked) -> None:
        end, request = asked.ear.end, asked.live.request
        if isinstance(end, Exception):
            assert asked.may_fail, end
            assert isinstance(end, GenerationFailed | DeadlineExceeded)
            return
        assert isinstance(end, Completion)
        if request.adapter == self.world.broken:
            assert end.finish_reason is FinishReason.CANCELLED
            return
        expected = self.world.expected(asked.prompt, request.adapter, request.sampling)
        if end.finish_reason is FinishReason.CANCELLED:
            assert asked.live.cancelled
            assert end.token_ids == expected[: len(end.token_ids)]
        else:
            assert end.token_ids == expected


def test_whatever_happens_the_books_balance_and_every_reply_is_the_one_it_would_be_alone(world: World) -> None:
    machine = type("SchedulesOfThisWorld", (Schedules,), {"world": world})
    bounded = settings(
        max_examples=30,
        stateful_step_count=30,
        phases=(Phase.generate,),  # add Phase.shrink, which takes minutes, to look for the shortest schedule that fails
        deadline=None,
        derandomize=True,
        database=None,
    )
    run_state_machine_as_test(machine, settings=bounded)
