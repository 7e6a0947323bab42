"""Owns the study of one persona: its held-out prompts, answered with and without what makes the persona.

Without rules on the card the cells are base and adapter, each with and without the system prompt; with rules, base and
adapter, each without and with the rules.
"""

import asyncio
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.config import Config
from bot.engine import SamplingParams
from bot.engine.base_model import BaseModelFiles
from bot.errors import DatasetError
from bot.personas import Pair, Persona, PersonaCatalog
from bot.prompt import Message, PromptRenderer, TrainingExample
from bot.registry import AdapterVersion
from training.asking import answer_memory, ask_all
from training.evaluate import Answer, OnProgress, Question, Version, measure_losses
from training.sources import preservation_heldout, preservation_pairs
from training.studies.figures import CellFigures, cell_figures
from training.studies.style import StyleJudge, accuracy

SEED = 30_000
FEWEST = 30  # prompts, and pairs


@dataclass(frozen=True)
class Cell:
    """One way of asking: which version, led by the system prompt or not, held to the card's rules or not."""

    version: Version
    led: bool = True
    ruled: bool = True

    def describe(self, persona: Persona) -> str:
        who = "adapter" if self.version else "base model"
        if persona.rules is not None:
            return f"{who}, {'with' if self.ruled else 'without'} the rules"
        return f"{who}, {'with' if self.led else 'without'} the system prompt"


@dataclass(frozen=True)
class Study:
    """`judge_accuracy`: how often the measure of being in character is right on answers it was not taught."""

    persona: str
    cells: Mapping[Cell, CellFigures]
    answers: Mapping[Cell, Sequence[Answer]]
    judge_accuracy: float


class Student:
    """Measures one persona. `precision` and `device` are those of the losses."""

    def __init__(
        self,
        config: Config,
        persona: Persona,
        files: BaseModelFiles,
        renderer: PromptRenderer,
        *,
        precision: str,
        device: str,
    ) -> None:
        self._config = config
        self._persona = persona
        self._files = files
        self._renderer = renderer
        self._precision = precision
        self._device = device

    def study(self, version: AdapterVersion, catalog: PersonaCatalog, on_progress: OnProgress) -> Study:
        """Raises DatasetError where the persona has too few pairs or held-out prompts to be judged by."""
        name = self._persona.name
        prompts, pairs = catalog.heldout_prompts(name), catalog.examples(name)
        _require_enough(name, prompts, pairs)
        asked = {cell: self._questions(cell, prompts) for cell in self._cells(version)}
        answers = self._ask(asked, on_progress)
        losses = self._losses(pairs, answers, on_progress)
        manner = [pair.completion for pair in pairs]
        neutral = [pair.completion for pair in [*preservation_pairs(), *preservation_heldout()]]
        judge, rules = StyleJudge.taught(manner, neutral), self._persona.sampling_values().get("rules")
        worst = max(losses[None])
        figures = {cell: cell_figures(said, losses[cell], worst, judge, rules) for cell, said in answers.items()}
        return Study(name, figures, answers, accuracy(manner, neutral))

    def _cells(self, version: AdapterVersion) -> list[Cell]:
        if self._persona.rules is not None:
            return [Cell(v, ruled=ruled) for v in (None, version) for ruled in (False, True)]
        return [Cell(v, led=led) for v in (None, version) for led in (False, True)]

    def _questions(self, cell: Cell, prompts: Sequence[str]) -> list[Question]:
        return [self._question(cell, index, prompt) for index, prompt in enumerate(prompts)]

    def _question(self, cell: Cell, index: int, prompt: str) -> Question:
        system = self._persona.system_prompt if cell.led else ""
        messages = [*([Message("system", system)] if system.strip() else []), Message("user", prompt)]
        values = {**self._config.sampling.model_dump(), **self._persona.sampling_values(), "seed": SEED + index}
        sampling = SamplingParams(**values)
        sampling = sampling if cell.ruled else dataclasses.replace(sampling, rules=None)
        return Question(prompt, self._renderer.prompt_ids(messages), sampling)

    def _ask(self, asked: Mapping[Cell, Sequence[Question]], on_progress: OnProgress) -> dict[Cell, list[Answer]]:
        by_version: dict[Version, list[Question]] = {}
        for cell, questions in asked.items():
            by_version.setdefault(cell.version, []).extend(questions)
        memory = answer_memory(self._config, self._files, f"study-{self._persona.name}")
        said = asyncio.run(ask_all(self._config, self._files, by_version, memory, on_progress))
        remaining = {version: iter(answers) for version, answers in said.items()}
        return {cell: [next(remaining[cell.version]) for _ in questions] for cell, questions in asked.items()}

    def _losses(
        self, pairs: Sequence[Pair], answers: Mapping[Cell, Sequence[Answer]], on_progress: OnProgress
    ) -> dict[Cell | None, list[float]]:
        """The base model's loss per token of every answer after its prompt alone; under None, of the pairs'."""
        texts: dict[Cell | None, list[tuple[str, str]]] = {
            None: [(pair.prompt, pair.completion) for pair in pairs],
            **{cell: [(answer.prompt, answer.text) for answer in own] for cell, own in answers.items()},
        }
        sets = {str(place): list(map(self._example, own)) for place, own in enumerate(texts.values())}
        losses = measure_losses(self._files, [None], sets, self._precision, self._device, on_progress)[None]
        return dict(zip(texts, losses.values(), strict=True))

    def _example(self, said: tuple[str, str]) -> TrainingExample:
        prompt, completion = said
        return self._renderer.training_example([Message("user", prompt)], completion)


def _require_enough(name: str, prompts: Sequence[str], pairs: Sequence[Pair]) -> None:
    if min(len(prompts), len(pairs)) < FEWEST:
        raise DatasetError(
            f"{name} has {len(pairs)} pairs and {len(prompts)} held-out prompts: a study needs {FEWEST} of each; "
            "add to examples.jsonl and heldout.jsonl."
        )
