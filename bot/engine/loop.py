"""One turn of the engine: end, bring adapters, start, step, commit. Knows no threads and no event loop."""

import logging
import time
from collections.abc import Sequence

from bot.engine.adapter_loading import AdapterLoading
from bot.engine.live_request import LiveRequest
from bot.engine.prefix_reuse import PrefixReuse
from bot.engine.runner import Runner, StepOutcome
from bot.engine.scheduler import Scheduler, Work
from bot.errors import GenerationFailed

log = logging.getLogger(__name__)


class EngineLoop:
    def __init__(self, scheduler: Scheduler, loading: AdapterLoading, runner: Runner, reuse: PrefixReuse) -> None:
        self._scheduler = scheduler
        self.loading = loading
        self._runner = runner
        self._reuse = reuse

    def turn(self) -> bool:
        """Do what can be done now, one step at most; whether there was a step to do.

        Whatever fails outside of a step ends all requests and leaves the engine serving.
        """
        try:
            return self._turn()
        except Exception:
            log.exception("The engine failed outside a step; its requests are dropped and it goes on serving")
            self._scheduler.fail_all(GenerationFailed("the engine failed outside a step"))
            return True

    def _turn(self) -> bool:
        for live in self._scheduler.end_unwanted(time.perf_counter()):
            self._release(live)
        self.loading.bring()
        self._scheduler.start_waiting()
        self._reuse.begin(self._scheduler.running)
        if batch := self._scheduler.next_batch():
            self._commit(self._step(batch))
        return bool(batch)

    def _step(self, batch: Sequence[Work]) -> list[StepOutcome]:
        started = time.perf_counter()
        outcomes = self._runner.step(batch)
        decoded = sum(work.live.pending == 1 for work in batch)
        read = sum(len(work.segment.ids) for work in batch) - decoded
        self._scheduler.step_times.took(time.perf_counter() - started, decoded, read)
        return outcomes

    def _commit(self, outcomes: Sequence[StepOutcome]) -> None:
        for outcome in outcomes:
            live = outcome.work.live
            if outcome.error is not None:
                live.fail(GenerationFailed(f"{type(outcome.error).__name__} in a step"))
            else:
                self._advance(live, outcome)
            if live.ended:
                self._release(live)

    def _advance(self, live: LiveRequest, outcome: StepOutcome) -> None:
        was_reading = live.pending > 1
        live.cached = outcome.work.segment.end
        if was_reading:
            self._reuse.keep(live)
        if outcome.token is not None:
            live.accept(outcome.token)

    def _release(self, live: LiveRequest) -> None:
        if not live.failed:
            self._reuse.keep(live)
            self._scheduler.step_times.replied(len(live.completion_ids))
        self._scheduler.release(live)
