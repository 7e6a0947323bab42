"""Makes more examples out of few votes: the persona's own answers, asked for anew and chosen by rejection."""

import asyncio
import dataclasses
import gc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.prompt import Message
from bot.versions.registry import AdapterVersion
from training.dataset.mixing import evenly
from training.dataset.near_duplicates import normal
from training.dataset.rows import Dataset, Item, Row
from training.dataset.sources import Source
from training.judging.inquiry import ask_all, sample_memory
from training.judging.measuring import Answer, EvalQuestion, OnProgress
from training.judging.persona_setup import PersonaSetup
from training.judging.probes import Probe
from training.recipes.base import load_base
from training.taste.rejection import Chosen, Taste, keep_liked, keep_right, preferred, scorer_of, shortened

# Varied answers are what there is to choose from.
LEAST_TEMPERATURE = 0.9
LONGEST_SAMPLE = 96  # tokens; an answer that has not ended by then is not kept
SEED = 40_000


def taught(dataset: Dataset, chosen: Sequence[Chosen], shorter: Mapping[Row, Row]) -> Dataset:
    """The dataset with what was chosen, and with what is `shorter` in place of its own rows, and preferred to them."""
    cuts = [preferred(row.messages, cut.completion, row.completion) for row, cut in shorter.items()]
    return dataclasses.replace(
        dataset,
        rows=(*(shorter.get(row, row) for row in dataset.rows), *(row for each in chosen for row in each.rows)),
        preferences=(*dataset.preferences, *(pair for each in chosen for pair in each.pairs), *cuts),
    )


@dataclass(frozen=True)
class Sampling:
    """Asks the version of a persona that speaks. `known`: questions with answers to check that may be asked, too."""

    setup: PersonaSetup
    known: Sequence[Probe] = ()

    def enrich(self, dataset: Dataset, speaker: AdapterVersion | None, on_progress: OnProgress) -> Dataset:
        """With more rows to imitate and pairs to prefer, and with seed pairs as short as members would like them.

        The dataset as it is when the votes tell nothing that holds for other answers.
        """
        seeds = [row for row in dataset.rows if row.source is Source.SEED]
        setup, renderer = self.setup, self.setup.renderer
        model = load_base(setup.files, setup.precision, setup.device).eval()
        scorer = scorer_of(dataset, model, renderer)
        shorter = shortened(Taste(scorer, model, renderer), seeds) if scorer.tells_apart else {}
        del model
        gc.collect()  # the engine needs the room
        if not scorer.tells_apart:
            return dataset
        asked, known = self._asked(dataset), self._known(dataset)
        answers = self._answers({**dict.fromkeys(asked), **known}, speaker, on_progress)
        taste = Taste(scorer, load_base(setup.files, setup.precision, setup.device).eval(), renderer)
        liked = keep_liked(taste, {prompt: answers[prompt] for prompt in asked})
        right = keep_right(taste, {prompt: answers[prompt] for prompt in known})
        return taught(dataset, (liked, right), shorter)

    def _known(self, dataset: Dataset) -> dict[tuple[Message, ...], Probe]:
        """The known questions as members ask them; without those that members did ask: some of them are held out."""
        items: list[Item] = [*dataset.votes, *dataset.heldout_votes, *dataset.heldout, *dataset.heldout_preferences]
        theirs = {normal(item.messages[-1].content) for item in items if item.messages}
        fresh = [fact for fact in self.known if normal(fact.prompt) not in theirs]
        chosen = evenly(fresh, self.setup.config.training.sampled_facts)
        return {tuple(self.setup.led([Message("user", fact.prompt)])): fact for fact in chosen}

    def _asked(self, dataset: Dataset) -> list[tuple[Message, ...]]:
        """What members asked. Seed pairs are answered already, better than by any sample."""
        asked = dict.fromkeys(vote.messages for vote in dataset.votes)
        return evenly(list(asked), self.setup.config.training.sampled_prompts)

    def _answers(
        self,
        prompts: Mapping[tuple[Message, ...], Probe | None],
        speaker: AdapterVersion | None,
        on_progress: OnProgress,
    ) -> dict[tuple[Message, ...], list[Answer]]:
        count = self.setup.config.training.sampled_answers
        questions = [
            self._question(messages, probe, place * count + number)
            for place, (messages, probe) in enumerate(prompts.items())
            for number in range(count)
        ]
        memory = sample_memory(self.setup)
        answers = asyncio.run(ask_all(self.setup, {speaker: questions}, memory, on_progress))[speaker]
        return {messages: answers[place * count :][:count] for place, messages in enumerate(prompts)}

    def _question(self, messages: tuple[Message, ...], probe: Probe | None, number: int) -> EvalQuestion:
        usual = self.setup.sampling
        sampling = dataclasses.replace(
            usual,
            temperature=max(usual.temperature, LEAST_TEMPERATURE),
            seed=SEED + self.setup.config.training.seed + number,
            max_tokens=min(usual.max_tokens, LONGEST_SAMPLE),
        )
        return EvalQuestion(messages[-1].content, self.setup.renderer.prompt_ids(messages), sampling, probe)
