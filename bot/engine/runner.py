"""Computes a step, the forward pass and the choice of tokens, for all rows at once or, after a failure, for each row
by itself.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from bot.engine.live_request import LiveRequest
from bot.engine.model import ServedModel
from bot.engine.ruled_choice import RuledChoice
from bot.engine.scheduler import Work
from bot.engine.step import Step

log = logging.getLogger(__name__)


class NotFinite(ArithmeticError):
    """The model's output for a row held NaN or infinity."""


@dataclass(frozen=True)
class StepOutcome:
    """What a step brought one request: the next token, nothing yet (its prompt goes on), or a failure."""

    work: Work
    token: int | None = None
    error: Exception | None = None


class Runner:
    def __init__(self, model: ServedModel, rows: int, choice: RuledChoice) -> None:
        self._model = model
        self._choice = choice
        self._history = torch.zeros(rows, model.context, dtype=torch.int64, device=model.placement.device)

    def begin(self, live: LiveRequest, there: int, blocks: Sequence[int], known: int) -> None:
        """Fill the request's row with the keys and values of its first `known` tokens, which lie in `blocks` of the
        prefix cache; the first `there` of these blocks are in the row."""
        assert live.row is not None
        if missing := blocks[there:]:
            self._model.restore_prefix(live.row, there, missing)
        if known:
            self._history[live.row, :known] = torch.tensor(live.ids[:known], device=self._history.device)

    def save_prefix(self, live: LiveRequest, first: int, blocks: Sequence[int]) -> None:
        """Copy the request's keys and values, from its block number `first` on, to the prefix cache."""
        assert live.row is not None
        self._model.save_prefix(live.row, first, blocks)

    def step(self, batch: Sequence[Work]) -> list[StepOutcome]:
        """Run the batch. When that raises, run each request by itself, so that only those to blame fail.

        A step may be run again: what it writes is addressed by row and position.
        """
        try:
            return self._run(batch)
        except Exception:
            log.exception("A step with %d rows failed; running each row by itself", len(batch))
            return [self._run_alone(work) for work in batch]

    def _run_alone(self, work: Work) -> StepOutcome:
        try:
            return self._run([work])[0]
        except Exception as error:  # noqa: BLE001 — whatever a forward pass raises, the engine goes on serving
            log.error("Row %d failed with %s", work.segment.row, work.live.request.adapter or "the base model")
            self._model.clear_row(work.segment.row)
            return StepOutcome(work, error=error)

    def _run(self, batch: Sequence[Work]) -> list[StepOutcome]:
        step = Step.of([work.segment for work in batch], self._model.placement.device, self._model.placement.dtype)
        self._history[step.rows, step.positions[0]] = step.ids[0]
        by_row = {work.segment.row: work for work in batch}
        works = [by_row[segment.row] for segment in step.segments]
        logits = self._model.run(step)
        finite = torch.isfinite(logits.amax(-1)).tolist()
        choosing = [i for i, work in enumerate(works) if work.completes_prompt and finite[i]]
        tokens = self._choose(logits, [works[i] for i in choosing], choosing) if choosing else []
        chosen = dict(zip(choosing, tokens, strict=True))
        return [self._outcome(work, finite[i], chosen.get(i)) for i, work in enumerate(works)]

    def _choose(self, logits: torch.Tensor, works: Sequence[Work], places: Sequence[int]) -> list[int]:
        if len(places) < logits.shape[0]:
            logits = logits[torch.tensor(places, device=logits.device)]
        segments = [(work.segment.row, work.segment.end) for work in works]
        rows, lengths = torch.tensor(segments, device=logits.device).unbind(1)
        history = self._history[rows, : max(end for _, end in segments)]
        return self._choice.choose(logits, [work.live for work in works], history, lengths)

    def _outcome(self, work: Work, finite: bool, token: int | None) -> StepOutcome:
        if finite:
            return StepOutcome(work, token)
        log.error("Row %d computed values that are not finite with %s", work.segment.row, work.live.request.adapter)
        self._model.clear_row(work.segment.row)
        return StepOutcome(work, error=NotFinite("the model's output was not finite"))
