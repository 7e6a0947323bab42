"""The in-process engine: its thread and its asyncio face. What the thread repeats is in loop.py.

See README.md beside this file for how a step works.
"""

import asyncio
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch

from bot.engine.adapter_checks import AdapterTarget
from bot.engine.adapter_io import AdapterIO
from bot.engine.adapter_loading import AdapterLoading
from bot.engine.adapter_slots import AdapterSlots
from bot.engine.base_model import BaseModelFiles, end_of_turn_ids, load_tokenizer
from bot.engine.generation import Mailbox, Outbox, StreamedGeneration
from bot.engine.live_request import LiveRequest, text_of
from bot.engine.loop import EngineLoop
from bot.engine.model import ServedModel
from bot.engine.options import EngineOptions
from bot.engine.placement import place
from bot.engine.prefix_cache import BLOCK, PrefixCache
from bot.engine.prefix_reuse import PrefixReuse
from bot.engine.request import EngineStatus, Generation, GenerationRequest
from bot.engine.ruled_choice import RuledChoice
from bot.engine.runner import Runner
from bot.engine.scheduler import Scheduler
from bot.engine.step_times import StepTimes
from bot.engine.token_masks import TokenMasks
from bot.errors import EmptyPrompt, EngineStopped, PromptTooLong
from bot.versions.registry import AdapterVersion


class TorchEngine:
    """The in-process Engine: one running batch on one device."""

    def __init__(self, files: BaseModelFiles, options: EngineOptions) -> None:
        """Loads the model, which takes seconds. Raises BaseModelError."""
        placement = place(options)
        if options.threads:
            torch.set_num_threads(options.threads)
        self._files = files
        self._options = options
        self._tokenizer = load_tokenizer(files)
        model = ServedModel(files, placement, options.max_rows, options.context_tokens, options.cache_dir)
        self._placement = model.placement
        self._context = model.context
        self._compiled = model.compiled
        self._arithmetic = model.arithmetic
        self._end_ids = frozenset(model.end_ids() | end_of_turn_ids(self._tokenizer))
        self._outbox = Outbox()
        self._wake = threading.Event()
        self._scheduler = Scheduler(
            options.max_rows, options.queue_size, StepTimes(options.prefill_tokens), AdapterSlots(options.adapter_slots)
        )
        self._loop: EngineLoop | None = self._assemble(model)
        self._thread: threading.Thread | None = None
        self._serving = False

    def _assemble(self, model: ServedModel) -> EngineLoop:
        options = self._options
        blocks = options.kept_tokens // BLOCK
        model.make_slots(options.adapter_slots, options.max_rank)
        model.make_prefix_blocks(blocks)
        largest = torch.finfo(self._placement.dtype).max
        target = AdapterTarget(self._files.fingerprint, model.adaptable_layers(), options.max_rank, largest)
        loading = AdapterLoading(self._scheduler, AdapterIO(target, model.write_slot, self._wake.set))
        runner = Runner(model, options.max_rows, RuledChoice(TokenMasks(self._tokenizer, self._end_ids)))
        return EngineLoop(self._scheduler, loading, runner, PrefixReuse(runner, PrefixCache(blocks)))

    @property
    def context_tokens(self) -> int:
        return self._context

    @property
    def fingerprint(self) -> str:
        return self._files.fingerprint

    @property
    def arithmetic(self) -> str:
        return self._arithmetic

    @property
    def tokenizer(self) -> Any:
        return self._tokenizer

    async def start(self) -> None:
        if self._thread is None:
            self._serving = True
            self._thread = threading.Thread(target=self._serve, name="troupe-engine", daemon=True)
            self._thread.start()

    async def stop(self) -> None:
        self._serving = False
        self._wake.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)
        if self._loop is not None:
            self._loop.loading.close()
            self._loop = None

    def submit(self, request: GenerationRequest) -> Generation:
        if not self._serving:
            raise EngineStopped
        if not request.prompt_ids:
            raise EmptyPrompt
        if len(request.prompt_ids) >= self._context:
            raise PromptTooLong(len(request.prompt_ids), self._context - 1)
        mailbox = Mailbox(self._outbox.post)
        live = LiveRequest(
            request=request,
            seed=random.getrandbits(31) if request.sampling.seed is None else request.sampling.seed,
            stream=text_of(request.sampling, self._tokenizer),
            listener=mailbox,
            most_tokens=self._context,
            end_ids=self._end_ids,
            deadline_s=self._options.deadline_seconds or None if request.deadline_s is None else request.deadline_s,
        )
        self._scheduler.submit(live)
        self._wake.set()
        return StreamedGeneration(live, mailbox, self._scheduler.position, self._scheduler.wait_s, self._cancel)

    async def load(self, adapter: AdapterVersion) -> None:
        if not self._serving or self._loop is None:
            raise EngineStopped
        if self._scheduler.is_resident(adapter):
            return
        loaded = self._loop.loading.load(adapter)
        self._wake.set()
        await asyncio.shield(asyncio.wrap_future(loaded))

    async def unload(self, adapter: AdapterVersion) -> None:
        self._scheduler.retire(adapter)
        self._wake.set()

    def status(self) -> EngineStatus:
        return EngineStatus(
            model=self._files.name,
            device=str(self._placement.device),
            precision=self._placement.precision,
            # One that has ended leaves its row a moment after its listener heard so: what it read is kept first.
            running=sum(not live.ended for live in self._scheduler.running),
            waiting=len(self._scheduler.waiting),
            max_rows=self._options.max_rows,
            resident=self._scheduler.resident(),
        )

    def _cancel(self, live: LiveRequest) -> None:
        self._scheduler.cancel(live)
        self._outbox.flush()
        self._wake.set()

    @torch.inference_mode()
    def _serve(self) -> None:
        assert self._loop is not None
        with _torch_on_one_thread() if self._compiled else nullcontext():
            while self._serving:
                self._wake.clear()
                busy = self._loop.turn()
                self._outbox.flush()
                if not busy:
                    self._wake.wait(self._seconds_to_deadline())
        self._scheduler.fail_all(EngineStopped())
        self._outbox.flush()

    def _seconds_to_deadline(self) -> float | None:
        deadline = self._scheduler.next_deadline()
        return None if deadline is None else max(0.0, deadline - time.perf_counter())


@contextmanager
def _torch_on_one_thread() -> Iterator[None]:
    """The compiled decoder has threads of its own; torch's would spin on their cores while they wait for more."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
