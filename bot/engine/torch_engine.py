"""Owns the engine's thread and its asyncio face: schedule, step, commit, and adapters that come and go between steps.

See README.md beside this file for how a step works.
"""

import asyncio
import logging
import random
import threading
from concurrent.futures import Future
from typing import Any

import torch

from bot.engine.adapter_files import AdapterTarget
from bot.engine.adapter_loader import AdapterLoader, Shares
from bot.engine.base_model import BaseModelFiles, load_tokenizer
from bot.engine.generation import Mailbox, Outbox, StreamedGeneration
from bot.engine.live_request import LiveRequest
from bot.engine.model import ServedModel
from bot.engine.options import EngineOptions, place
from bot.engine.request import EngineStatus, Generation, GenerationRequest, SamplingParams
from bot.engine.residency import Residency
from bot.engine.ruled_choice import RuledChoice
from bot.engine.ruled_text import RuledText
from bot.engine.runner import Outcome, Runner
from bot.engine.scheduler import Scheduler
from bot.engine.text import TextStream
from bot.engine.token_masks import TokenMasks
from bot.errors import AdapterError, EmptyPrompt, EngineStopped, GenerationFailed, PromptTooLong
from bot.registry import AdapterVersion

log = logging.getLogger(__name__)

# Tokens by which chat templates end a turn, for models whose generation config does not name them.
END_OF_TURN = ("<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<end_of_turn>", "<|end|>")
# Adapters read ahead for waiting requests; each keeps its weights in memory until a slot is free.
READ_AHEAD = 4


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
        model = ServedModel(files, placement, options.max_rows, options.context_tokens)
        model.make_slots(options.adapter_slots, options.max_rank)
        self._placement = placement
        self._context = model.context
        self._end_ids = frozenset(model.end_ids() | _end_ids(self._tokenizer))
        self._model: ServedModel | None = model
        self._scheduler = Scheduler(
            options.max_rows, options.queue_size, options.prefill_tokens, Residency(options.adapter_slots)
        )
        self._outbox = Outbox()
        self._wake = threading.Event()
        self._loader = AdapterLoader(
            AdapterTarget(files.fingerprint, model.adaptable_layers(), options.max_rank), self._wake.set
        )
        self._loads: dict[AdapterVersion, Future[None]] = {}
        self._loads_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._serving = False

    @property
    def context_tokens(self) -> int:
        return self._context

    @property
    def fingerprint(self) -> str:
        return self._files.fingerprint

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
        self._loader.close()
        self._model = None

    def submit(self, request: GenerationRequest) -> Generation:
        if not self._serving:
            raise EngineStopped
        if not request.prompt_ids:
            raise EmptyPrompt
        if len(request.prompt_ids) >= self._context:
            raise PromptTooLong(len(request.prompt_ids), self._context - 1)
        mailbox = Mailbox(self._outbox)
        live = LiveRequest(
            request=request,
            seed=random.getrandbits(31) if request.sampling.seed is None else request.sampling.seed,
            stream=self._stream(request.sampling),
            listener=mailbox,
            most_tokens=self._context,
            end_ids=self._end_ids,
        )
        self._scheduler.submit(live)
        self._wake.set()
        return StreamedGeneration(live, mailbox, self._scheduler.position, self._cancel)

    async def load(self, adapter: AdapterVersion) -> None:
        if not self._serving:
            raise EngineStopped
        if self._scheduler.is_resident(adapter):
            return
        with self._loads_lock:
            future = self._loads.setdefault(adapter, Future())
        self._wake.set()
        await asyncio.shield(asyncio.wrap_future(future))

    async def unload(self, adapter: AdapterVersion) -> None:
        self._scheduler.retire(adapter)
        self._wake.set()

    def status(self) -> EngineStatus:
        return EngineStatus(
            model=self._files.name,
            device=str(self._placement.device),
            precision=self._placement.precision,
            running=self._scheduler.running,
            waiting=self._scheduler.waiting,
            max_rows=self._options.max_rows,
            resident=self._scheduler.resident(),
        )

    def _stream(self, sampling: SamplingParams) -> TextStream | RuledText:
        plain = TextStream(self._tokenizer, sampling.stop)
        return plain if sampling.rules is None else RuledText(plain, sampling.rules)

    def _cancel(self, live: LiveRequest) -> None:
        self._scheduler.cancel(live)
        self._outbox.flush()
        self._wake.set()

    @torch.inference_mode()
    def _serve(self) -> None:
        assert self._model is not None
        choice = RuledChoice(TokenMasks(self._tokenizer, self._end_ids))
        runner = Runner(self._model, self._options.max_rows, choice)
        while self._serving:
            self._wake.clear()
            try:
                busy = self._serve_once(runner)
            except Exception:
                log.exception("The engine failed outside a step; its requests are dropped and it goes on serving")
                self._scheduler.fail_all(GenerationFailed("the engine failed outside a step"))
                busy = True
            self._outbox.flush()
            if not busy:
                self._wake.wait()
        self._end_everything()

    def _serve_once(self, runner: Runner) -> bool:
        """Schedule, step, commit; whether there was anything to do."""
        self._scheduler.end_cancelled()
        self._bring_adapters()
        batch = self._scheduler.next_batch()
        self._commit(runner.step(batch) if batch else [])
        return bool(batch)

    def _commit(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            live = outcome.work.live
            if outcome.error is not None:
                live.fail(GenerationFailed(f"{type(outcome.error).__name__} in a step"))
            else:
                live.cached = outcome.work.segment.end
                if outcome.token is not None:
                    live.accept(outcome.token)
            if live.ended:
                self._scheduler.release(live)

    def _bring_adapters(self) -> None:
        """Have missing adapters read, those of waiting requests first, and put what has been read into slots."""
        with self._loads_lock:
            loads = list(self._loads)
        waiting = self._scheduler.wanted_adapters()
        missing = [version for version in waiting if not self._scheduler.is_resident(version)]
        wanted = list(dict.fromkeys([*missing[:READ_AHEAD], *loads]))
        self._loader.keep_only(wanted)
        for version in wanted:
            if self._scheduler.is_resident(version):
                self._end_load(version)
            elif (reading := self._loader.read(version)).done():
                self._place(version, reading, waiting)

    def _place(self, version: AdapterVersion, reading: Future[Shares], waiting: list[AdapterVersion]) -> None:
        """Write an adapter that has been read into a slot; it waits while all slots are in use."""
        assert self._model is not None
        if (error := reading.exception()) is not None:
            self._refuse(version, error)
        elif (slot := self._scheduler.claim_slot(version, waiting)) is not None:
            self._model.write_slot(slot, reading.result())
            self._scheduler.settle(version, slot)
            self._loader.forget(version)
            self._end_load(version)

    def _refuse(self, version: AdapterVersion, error: BaseException) -> None:
        if not isinstance(error, AdapterError):
            log.error("%s could not be read", version, exc_info=error)
            error = AdapterError(f"{version} could not be read ({type(error).__name__}); the log says more.")
        else:
            log.error("%s", error)
        self._loader.forget(version)
        self._scheduler.drop_waiting(version, GenerationFailed(str(error)))
        self._end_load(version, error)

    def _end_load(self, version: AdapterVersion, error: Exception | None = None) -> None:
        with self._loads_lock:
            future = self._loads.pop(version, None)
        if future is not None and error is not None:
            future.set_exception(error)
        elif future is not None:
            future.set_result(None)

    def _end_everything(self) -> None:
        self._scheduler.fail_all(EngineStopped())
        with self._loads_lock:
            loads = list(self._loads)
        for version in loads:
            self._end_load(version, EngineStopped())
        self._outbox.flush()


def _end_ids(tokenizer: Any) -> set[int]:
    vocabulary = tokenizer.get_added_vocab()
    named = {vocabulary[token] for token in END_OF_TURN if token in vocabulary}
    return named | ({tokenizer.eos_token_id} - {None})
