"""The study of one persona: what the base model and adapters answer with and without what makes the persona.

Without rules on the card the cells are base and adapters, each with and without the system prompt; with rules, base
and adapters, each without and with the rules. As members are served, all of them answer the probes too, and talk.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from rich.console import Console

from bot.errors import DatasetError
from bot.personas.catalog import Pair, PersonaCatalog
from bot.progress import progress_bar
from bot.prompt import Message
from bot.versions.registry import AdapterVersion
from training.dataset.sources import preservation_heldout, preservation_pairs
from training.judging.measuring import Answer, OnProgress, measure_losses
from training.judging.metrics import Passed, passed
from training.judging.persona_setup import PersonaSetup
from training.judging.probes import Topic
from training.pipeline import Pipeline
from training.publishing import publish
from training.studies.asker import Asker, Cell, TalkTurn, cells_of
from training.studies.figures import CellFigures, ConversationFigures, Judges, cell_figures, conversation_figures
from training.studies.style import StyleJudge, accuracy

FEWEST = 30  # prompts, and pairs
BASE = "base model"

TalkLosses = Mapping[TalkTurn, float]  # the base model's, per token of the answer
Talks = Mapping[Cell, Sequence[Sequence[TalkTurn]]]


@dataclass(frozen=True)
class Study:
    """`judge_accuracy`: how often the measure of being in character is right on answers it was not taught.

    `kept` and `talks` are by who was asked, as members are served; without conversations there are no talks.
    """

    persona: str
    judge_accuracy: float
    cells: Mapping[Cell, CellFigures]
    answers: Mapping[Cell, Sequence[Answer]]
    kept: Mapping[str, Mapping[Topic, Passed]]
    talks: Mapping[str, ConversationFigures]
    talked: Mapping[str, Sequence[Sequence[TalkTurn]]]


def study_active(
    pipeline: Pipeline, others: Mapping[str, AdapterVersion], conversations: Sequence[Sequence[str]], console: Console
) -> Study:
    """What the active version, and `others` by their names, make of the base model.

    Raises DatasetError or PublishError.
    """
    name, registry = pipeline.persona.name, pipeline.registry
    version = publish.require_version(registry, name, registry.active_number(name))
    with progress_bar(console) as progress:
        runner = StudyRunner(pipeline.setup)
        return runner.study({"adapter": version, **others}, conversations, pipeline.catalog, progress)


@dataclass(frozen=True)
class StudyRunner:
    """Measures one persona."""

    setup: PersonaSetup

    def study(
        self,
        versions: Mapping[str, AdapterVersion],
        conversations: Sequence[Sequence[str]],
        catalog: PersonaCatalog,
        on_progress: OnProgress,
    ) -> Study:
        """The base model and `versions`, by their names. Raises DatasetError where there is too little to judge by."""
        persona, name = self.setup.persona, self.setup.persona.name
        prompts, pairs = catalog.heldout_prompts(name), catalog.examples(name)
        _require_enough(name, prompts, pairs)
        asker = Asker(self.setup, f"study-{name}-{len(versions)}", on_progress)
        cells = cells_of(persona, {BASE: None, **versions})
        served = [cell for cell in cells if cell.as_served]
        free = asker.heldout(cells, prompts)
        probed = asker.probed(served)
        talks = asker.converse(served, conversations)
        written = list(map(_written, pairs))
        spoken = [*written, *chain(*free.values()), *chain(*(talk for own in talks.values() for talk in own))]
        losses = self._losses(spoken, on_progress)
        manner = [pair.completion for pair in pairs]
        neutral = [pair.completion for pair in [*preservation_pairs(), *preservation_heldout()]]
        rules = persona.sampling_values().get("rules")
        judges = Judges(StyleJudge.taught(manner, neutral), max(losses[reply] for reply in written), rules)
        return Study(
            persona=name,
            judge_accuracy=accuracy(manner, neutral),
            cells=_figures(free, losses, judges),
            answers={cell: [reply.answer for reply in own] for cell, own in free.items()},
            kept={cell.who: _kept(own) for cell, own in probed.items()},
            talks=_talk_figures(talks, losses, judges),
            talked={cell.who: own for cell, own in talks.items()},
        )

    def _losses(self, replies: Iterable[TalkTurn], on_progress: OnProgress) -> dict[TalkTurn, float]:
        once = list(dict.fromkeys(replies))
        setup = self.setup
        sets = {"replies": [setup.renderer.training_example(reply.turns, reply.answer.text) for reply in once]}
        measured = measure_losses(setup.files, [None], sets, setup.precision, setup.device, on_progress)
        return dict(zip(once, measured[None]["replies"], strict=True))


def _written(pair: Pair) -> TalkTurn:
    return TalkTurn((*pair.history, Message("user", pair.prompt)), Answer(pair.prompt, pair.completion, 0, None))


def _figures(free: Mapping[Cell, Sequence[TalkTurn]], losses: TalkLosses, judges: Judges) -> dict[Cell, CellFigures]:
    return {
        cell: cell_figures([reply.answer for reply in own], [losses[reply] for reply in own], judges)
        for cell, own in free.items()
    }


def _talk_figures(talks: Talks, losses: TalkLosses, judges: Judges) -> dict[str, ConversationFigures]:
    return {
        cell.who: conversation_figures(
            [[reply.answer for reply in talk] for talk in own],
            [[losses[reply] for reply in talk] for talk in own],
            judges,
        )
        for cell, own in talks.items()
        if own
    }


def _kept(answers: Sequence[Answer]) -> dict[Topic, Passed]:
    kept = {topic: passed(answers, topic) for topic in Topic}
    return {topic: result for topic, result in kept.items() if result is not None}


def _require_enough(name: str, prompts: Sequence[str], pairs: Sequence[Pair]) -> None:
    if min(len(prompts), len(pairs)) < FEWEST:
        raise DatasetError(
            f"{name} has {len(pairs)} pairs and {len(prompts)} held-out prompts: a study needs {FEWEST} of each; "
            "add to examples.jsonl and heldout.jsonl."
        )
