"""Owns making more examples out of few votes: the persona's own answers, asked for anew and chosen by rejection."""

import asyncio
import dataclasses
import gc
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.prompt import Message
from bot.registry import AdapterVersion
from training.asking import answer_memory, ask_all
from training.dataset import Dataset, Row
from training.evaluate import Answer, OnProgress, Question
from training.mixing import evenly, giving_way, needed
from training.recipes.base import load_base
from training.recipes.rejection import Chosen, chances, keep_liked, scorer_of
from training.sources import Source
from training.subject import Subject

# Varied answers are what there is to choose from.
LEAST_TEMPERATURE = 0.9
LONGEST_SAMPLE = 96  # tokens; an answer that has not ended by then is not kept
SEED = 40_000

MEMBERS = frozenset({Source.CORRECTION, Source.LIKED})  # who taught such rows
OUTVOTED = "members would dislike it: it makes room for what they taught"


def remixed(
    dataset: Dataset, chosen: Chosen, likely: Mapping[Row, float], seed_share: float, preservation_share: float
) -> Dataset:
    """The dataset with what was chosen, for which seed pairs that members would dislike make room.

    Ordinary questions keep their share. `likely`: how likely a like of each seed pair is.
    """
    taught = [*(row for row in dataset.rows if row.source in MEMBERS), *chosen.rows]
    least = needed(sum(row.weight for row in taught), seed_share)
    places = giving_way(list(likely.values()), len(taught), least)
    gone = {row for place, row in enumerate(likely) if place in places}
    own = [*(row for row in dataset.own_rows if row not in gone), *chosen.rows]
    ordinary = [row for row in dataset.rows if row.source is Source.PRESERVATION]
    enough = needed(sum(row.weight for row in own), preservation_share)
    return dataclasses.replace(
        dataset,
        rows=(*own, *evenly(ordinary, enough)),
        preferences=(*dataset.preferences, *chosen.pairs),
        dropped=dataset.dropped + Counter({(Source.SEED, OUTVOTED): len(gone)}),
    )


@dataclass(frozen=True)
class Sampling:
    """Asks the version of a persona that speaks."""

    subject: Subject

    def enrich(self, dataset: Dataset, speaker: AdapterVersion | None, on_progress: OnProgress) -> Dataset:
        """With more rows to imitate, and without seed pairs that members would dislike, which make room for them.

        The dataset as it is when the votes tell nothing that holds for other answers.
        """
        seeds = [row for row in dataset.rows if row.source is Source.SEED]
        subject, renderer = self.subject, self.subject.renderer
        model = load_base(subject.files, subject.precision, subject.device).eval()
        scorer = scorer_of(dataset, model, renderer)
        likely = chances(scorer, model, renderer, [seed.completion for seed in seeds])
        del model
        gc.collect()  # the engine needs the room
        if not scorer.tells_apart:
            return dataset
        prompts = self._prompts(dataset)
        answers = self._answers(prompts, speaker, on_progress)
        model = load_base(subject.files, subject.precision, subject.device).eval()
        chosen = keep_liked(scorer, model, renderer, prompts, answers)
        training = subject.config.training
        return remixed(
            dataset, chosen, dict(zip(seeds, likely, strict=True)), training.seed_share, training.preservation_share
        )

    def _prompts(self, dataset: Dataset) -> list[tuple[Message, ...]]:
        """What members asked and what seed pairs ask; nothing that is held out is among a dataset's training part."""
        seeds = [row.messages for row in dataset.rows if row.source is Source.SEED]
        prompts = dict.fromkeys([*(vote.messages for vote in dataset.votes), *seeds])
        return evenly(list(prompts), self.subject.config.training.sampled_prompts)

    def _answers(
        self, prompts: Sequence[tuple[Message, ...]], speaker: AdapterVersion | None, on_progress: OnProgress
    ) -> list[list[Answer]]:
        count = self.subject.config.training.sampled_answers
        questions = [
            self._question(messages, place * count + number)
            for place, messages in enumerate(prompts)
            for number in range(count)
        ]
        memory = answer_memory(self.subject, f"{self.subject.persona.name}-samples")
        answers = asyncio.run(ask_all(self.subject, {speaker: questions}, memory, on_progress))[speaker]
        return [answers[start : start + count] for start in range(0, len(answers), count)]

    def _question(self, messages: tuple[Message, ...], number: int) -> Question:
        usual = self.subject.sampling
        sampling = dataclasses.replace(
            usual,
            temperature=max(usual.temperature, LEAST_TEMPERATURE),
            seed=SEED + self.subject.config.training.seed + number,
            max_tokens=min(usual.max_tokens, LONGEST_SAMPLE),
        )
        return Question(messages[-1].content, self.subject.renderer.prompt_ids(messages), sampling)
