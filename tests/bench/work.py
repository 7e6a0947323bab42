"""Owns the work that every server is given, and what is noted about each run of it.

Eight fixed questions, one fresh conversation each, greedy, exactly NEW new tokens, all submitted at once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

QUESTIONS = (
    "What colour goes well with blue?",
    "Is Paris in France?",
    "Describe a dog.",
    "What is a car?",
    "Explain gravity.",
    "What is the capital of France?",
    "Write a haiku about snow.",
    "How do I learn guitar?",
)
NEW = 64
TRIES = 2  # the better one counts: the other met more of the machine's own business


@dataclass(frozen=True)
class Case:
    """Per request the number of its adapter, or None for the base model alone."""

    name: str
    adapters: tuple[int | None, ...]

    @property
    def tokens(self) -> int:
        return NEW * len(self.adapters)


BASE_1 = Case("base x1", (None,))
LORA_1 = Case("lora x1", (0,))
BASE_8 = Case("base x8", (None,) * 8)
SAME_8 = Case("same x8", (0,) * 8)
DISTINCT_8 = Case("distinct x8", tuple(range(8)))
CASES = (BASE_1, LORA_1, BASE_8, SAME_8, DISTINCT_8)


@dataclass(frozen=True)
class Setting:
    """What a server serves: a transformers folder, and a folder of one adapter, of which it takes as many copies as
    a case has adapters."""

    model: Path
    adapter: Path
    precision: str
    threads: int


@dataclass(frozen=True)
class Timing:
    """One run of a case: seconds for all of it, prefill included, and until the last request had its first token."""

    server: str
    case: str
    tokens: int
    seconds: float
    last_first_token_s: float

    @property
    def tokens_per_s(self) -> float:
        return self.tokens / self.seconds


Run = Callable[[Setting], Iterator[Timing]]


def prompts(tokenizer: Any) -> list[str]:
    return [
        tokenizer.apply_chat_template([{"role": "user", "content": q}], add_generation_prompt=True, tokenize=False)
        for q in QUESTIONS
    ]


def better(timings: list[Timing]) -> list[Timing]:
    """Each server's better run of each case, in the order of their first runs."""
    best: dict[tuple[str, str], Timing] = {}
    for timing in timings:
        key = (timing.server, timing.case)
        if key not in best or timing.seconds < best[key].seconds:
            best[key] = timing
    return list(best.values())
