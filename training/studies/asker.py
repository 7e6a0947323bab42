"""Asks a study's questions: held-out prompts, probes, and conversations of several turns."""

import asyncio
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.engine import SamplingParams
from bot.personas.catalog import Persona
from bot.prompt import Message
from training.judging.inquiry import answer_memory, ask_all
from training.judging.measuring import Answer, EvalQuestion, OnProgress, Version
from training.judging.persona_setup import PersonaSetup
from training.judging.probes import Probe, chosen_probes

SEED = 30_000


@dataclass(frozen=True)
class Cell:
    """One way of asking: who, led by the system prompt or not, held to the card's rules or not."""

    who: str
    version: Version
    led: bool = True
    ruled: bool = True

    @property
    def as_served(self) -> bool:
        return self.led and self.ruled

    def describe(self, persona: Persona) -> str:
        if persona.rules is not None:
            return f"{self.who}, {'with' if self.ruled else 'without'} the rules"
        return f"{self.who}, {'with' if self.led else 'without'} the system prompt"


@dataclass(frozen=True)
class TalkTurn:
    """An answer, and the turns before it without the system prompt; the last of them is what it answers."""

    turns: tuple[Message, ...]
    answer: Answer


def cells_of(persona: Persona, versions: Mapping[str, Version]) -> list[Cell]:
    """Two for each: without and with the rules of the card, or else the system prompt."""
    if persona.rules is not None:
        return [Cell(who, version, ruled=ruled) for who, version in versions.items() for ruled in (False, True)]
    return [Cell(who, version, led=led) for who, version in versions.items() for led in (False, True)]


class Asker:
    """Asks the serving engine. What it was told before is remembered in the cache under `name`."""

    def __init__(self, setup: PersonaSetup, name: str, on_progress: OnProgress) -> None:
        self._setup = setup
        self._memory = answer_memory(setup, name)
        self._on_progress = on_progress

    def heldout(self, cells: Sequence[Cell], prompts: Sequence[str]) -> dict[Cell, list[TalkTurn]]:
        """Every cell's answers to the prompts."""
        turns = [(Message("user", prompt),) for prompt in prompts]
        said = self._ask(
            {cell: [self._question(cell, own, SEED + index) for index, own in enumerate(turns)] for cell in cells}
        )
        return {cell: list(map(TalkTurn, turns, answers)) for cell, answers in said.items()}

    def probed(self, cells: Sequence[Cell]) -> dict[Cell, list[Answer]]:
        """Every cell's answers to the probes."""
        chosen = chosen_probes(self._setup.config.gate.probes)
        return self._ask({cell: [self._probe(cell, probe) for probe in chosen] for cell in cells})

    def converse(
        self, cells: Sequence[Cell], conversations: Sequence[Sequence[str]]
    ) -> dict[Cell, list[list[TalkTurn]]]:
        """Every cell's replies in every conversation, each to all that was said before, its own replies included."""
        talks: dict[Cell, list[list[TalkTurn]]] = {cell: [[] for _ in conversations] for cell in cells}
        for turn in range(max(map(len, conversations), default=0)):
            open_ones = [place for place, said in enumerate(conversations) if turn < len(said)]
            before = {
                (cell, place): (*_so_far(talks[cell][place]), Message("user", conversations[place][turn]))
                for cell in cells
                for place in open_ones
            }
            asked = {
                cell: [self._question(cell, before[cell, place], SEED + 100 * turn + place) for place in open_ones]
                for cell in cells
            }
            for cell, answers in self._ask(asked).items():
                for place, answer in zip(open_ones, answers, strict=True):
                    talks[cell][place].append(TalkTurn(before[cell, place], answer))
        return talks

    def _question(self, cell: Cell, turns: Sequence[Message], seed: int) -> EvalQuestion:
        return EvalQuestion(
            turns[-1].content, self._ids(cell, turns), dataclasses.replace(self._sampling(cell), seed=seed)
        )

    def _probe(self, cell: Cell, probe: Probe) -> EvalQuestion:
        ids = self._ids(cell, [Message("user", probe.prompt)])
        return EvalQuestion.of_probe(probe, ids, self._sampling(cell))

    def _ids(self, cell: Cell, turns: Sequence[Message]) -> tuple[int, ...]:
        return self._setup.prompt_ids(turns, None if cell.led else "")

    def _sampling(self, cell: Cell) -> SamplingParams:
        sampling = self._setup.sampling
        return sampling if cell.ruled else dataclasses.replace(sampling, rules=None)

    def _ask(self, asked: Mapping[Cell, Sequence[EvalQuestion]]) -> dict[Cell, list[Answer]]:
        by_version: dict[Version, list[EvalQuestion]] = {}
        for cell, questions in asked.items():
            by_version.setdefault(cell.version, []).extend(questions)
        said = asyncio.run(ask_all(self._setup, by_version, self._memory, self._on_progress))
        remaining = {version: iter(answers) for version, answers in said.items()}
        return {cell: [next(remaining[cell.version]) for _ in questions] for cell, questions in asked.items()}


def _so_far(talk: Sequence[TalkTurn]) -> tuple[Message, ...]:
    if not talk:
        return ()
    last = talk[-1]
    return (*last.turns, Message("assistant", last.answer.text or "…"))
