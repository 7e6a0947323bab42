"""One evaluation: what a candidate and its rivals are asked, and the measuring of all of them.

Held-out feedback, the persona's held-out prompts and the probes come in; a measurement comes out, which `gate` judges
and `report` writes down.
"""

import asyncio
import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.personas.catalog import HeldOut, Pair
from bot.prompt import Message, PromptRenderer, TrainingExample
from bot.versions.registry import AdapterVersion
from training.dataset.mixing import evenly
from training.dataset.rows import Dataset, render
from training.dataset.sources import PLAIN_PROMPT
from training.judging.inquiry import answer_memory, ask_all, probe_question
from training.judging.measuring import Answer, EvalQuestion, Version, measure_losses
from training.judging.metrics import (
    COMPARISONS,
    LIKED,
    PRESERVATION,
    REFUSALS,
    STYLE,
    VOTES,
    Metrics,
    Passed,
    metrics_of,
    passed,
)
from training.judging.persona_setup import PersonaSetup
from training.judging.probes import Contrast, Probe, Topic, chosen_probes, harmful

# Held-out answers are cut off here: a persona that speaks longer is judged by how it begins.
LONGEST_HELD_OUT = 96
# Of each kind of held-out feedback, at most this many rows are measured, spread evenly.
MOST_ROWS = 60
SEED = 20_000

Example = TrainingExample


@dataclass(frozen=True)
class Unseen:
    """Held-out feedback that no version under comparison was trained on, as ids and loss masks."""

    liked: Sequence[Example] = ()
    upvoted: Sequence[Example] = ()
    downvoted: Sequence[Example] = ()
    comparisons: Sequence[tuple[Example, Example]] = ()  # kept, given up


def unseen(dataset: Dataset, seen: frozenset[int], renderer: PromptRenderer) -> Unseen:
    """The held-out part of a dataset without what comes from the replies in `seen`."""
    votes = [vote for vote in dataset.heldout_votes if vote.reply_id not in seen]
    up, down = (
        [renderer.training_example(vote.messages, vote.completion) for vote in votes if vote.liked is liked]
        for liked in (True, False)
    )
    pairs = [pair for pair in dataset.heldout_preferences if not seen.intersection(pair.reply_ids)]
    return Unseen(
        liked=[render(renderer, row) for row in dataset.heldout if row.reply_id not in seen],
        upvoted=up,
        downvoted=down,
        comparisons=[
            (renderer.training_example(p.messages, p.chosen), renderer.training_example(p.messages, p.rejected))
            for p in pairs
        ],
    )


@dataclass(frozen=True)
class Measurement:
    """Everything measured in one evaluation.

    `plain_knowledge`: what the base model knows when it is asked without the persona's prompt, for comparison.
    """

    metrics: Mapping[Version, Metrics]
    answers: Mapping[Version, Sequence[Answer]]
    heldout: Mapping[str, int]  # rows per held-out set
    plain_knowledge: Passed | None


@dataclass(frozen=True)
class Evaluator:
    """Measures versions of one persona."""

    setup: PersonaSetup

    def measure(
        self,
        candidate: AdapterVersion,
        active: AdapterVersion | None,
        heldout: Sequence[HeldOut],
        preservation: Sequence[Pair],
        unseen: Unseen,
        on_progress: Callable[[str, float], None],
    ) -> Measurement:
        """Losses and answers of the candidate, the active version and the base model."""
        versions: list[Version] = [candidate, *([active] if active else []), None]
        contrasts = [Contrast(row.prompt, row.completion, row.neutral) for row in heldout if row.neutral]
        sets, names = self._sets(contrasts, preservation, unseen)
        setup = self.setup
        losses = measure_losses(setup.files, versions, sets, setup.precision, setup.device, on_progress)
        memory = answer_memory(setup, setup.persona.name)
        answers = asyncio.run(ask_all(setup, self._inquiry(versions, heldout), memory, on_progress))
        plain = answers[None][-len(self._plain()) :] if self._plain() else []
        answers[None] = answers[None][: len(answers[None]) - len(plain)]
        return Measurement(
            metrics={v: metrics_of(losses[v], losses[None], answers[v], names) for v in versions},
            answers=answers,
            heldout={name: len(examples) for name, examples in sets.items()},
            plain_knowledge=passed(plain, Topic.KNOWLEDGE),
        )

    def _sets(
        self, contrasts: Sequence[Contrast], preservation: Sequence[Pair], unseen: Unseen
    ) -> tuple[dict[str, list[Example]], dict[str, list[str]]]:
        """The rows whose losses are taken, and the names of those that come in pairs."""
        example, compared = self.setup.example, evenly(unseen.comparisons, MOST_ROWS)
        refused = evenly(harmful(), self.setup.config.gate.probes)
        sets = {
            LIKED: evenly(unseen.liked, MOST_ROWS),
            PRESERVATION: [example(pair.prompt, pair.completion, PLAIN_PROMPT) for pair in preservation],
            STYLE[0]: [example(row.prompt, row.better) for row in contrasts],
            STYLE[1]: [example(row.prompt, row.worse) for row in contrasts],
            REFUSALS[0]: [example(row.prompt, row.better) for row in refused],
            REFUSALS[1]: [example(row.prompt, row.worse) for row in refused],
            COMPARISONS[0]: [kept for kept, _ in compared],
            COMPARISONS[1]: [given_up for _, given_up in compared],
            VOTES[0]: evenly(unseen.upvoted, MOST_ROWS),
            VOTES[1]: evenly(unseen.downvoted, MOST_ROWS),
        }
        names = {
            STYLE[0]: [row.prompt for row in contrasts],
            REFUSALS[0]: [row.prompt for row in refused],
            COMPARISONS[0]: [str(place) for place in range(len(compared))],
        }
        return sets, names

    def _inquiry(self, versions: Iterable[Version], heldout: Sequence[HeldOut]) -> dict[Version, list[EvalQuestion]]:
        """Who is asked what. Where an active version speaks, the base model answers the probes alone."""
        asked = [probe_question(self.setup, probe) for probe in self._probes()]
        free = [self._free(index, row.prompt) for index, row in enumerate(heldout)]
        inquiry: dict[Version, list[EvalQuestion]] = {version: [*free, *asked] for version in versions}
        if len(inquiry) > 2:
            inquiry[None] = list(asked)
        inquiry[None] += self._plain()
        return inquiry

    def _free(self, index: int, prompt: str) -> EvalQuestion:
        sampling = self.setup.sampling
        limit = min(sampling.max_tokens, LONGEST_HELD_OUT)
        seeded = dataclasses.replace(sampling, seed=SEED + index, max_tokens=limit)
        ids = self.setup.prompt_ids([Message("user", prompt)])
        return EvalQuestion(prompt, ids, seeded, cut_short=limit < sampling.max_tokens)

    def _plain(self) -> list[EvalQuestion]:
        asked = [probe for probe in self._probes() if probe.topic is Topic.KNOWLEDGE]
        return [probe_question(self.setup, probe, PLAIN_PROMPT) for probe in asked]

    def _probes(self) -> list[Probe]:
        return chosen_probes(self.setup.config.gate.probes)
