"""The work that every server is given, and what is noted about each run of it.

Fixed questions, one fresh conversation each, greedy, exactly so many new tokens, all submitted at once.
"""

import dataclasses
import json
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
SWEEP_NEW = 32  # the sweeps do many cases: half the tokens tell the same
WARM_UP_NEW = 2


@dataclass(frozen=True)
class Case:
    """Per request the number of its adapter, or None for the base model alone. Request i asks question i modulo 8."""

    name: str
    adapters: tuple[int | None, ...]
    new: int = NEW
    counts: bool = True  # a warm-up does not

    @property
    def tokens(self) -> int:
        return self.new * len(self.adapters)


BASE_1 = Case("base x1", (None,))
LORA_1 = Case("lora x1", (0,))
BASE_8 = Case("base x8", (None,) * 8)
SAME_8 = Case("same x8", (0,) * 8)
DISTINCT_8 = Case("distinct x8", tuple(range(8)))
CASES = (BASE_1, LORA_1, BASE_8, SAME_8, DISTINCT_8)


@dataclass(frozen=True)
class Plan:
    """Cases that one process serves in turn, and what it must hold for them."""

    cases: tuple[Case, ...]
    rows: int  # requests at once
    registered: int  # adapters that may be asked for
    slots: int  # of them ready to serve at a time
    tries: int = 1  # the best one counts: the others met more of the machine's own business

    def for_peers(self) -> "Plan":
        """What peers are compared in: the cases with adapters."""
        return dataclasses.replace(self, cases=tuple(c for c in self.cases if set(c.adapters) != {None}))

    def order(self) -> Iterator[Case]:
        """Before each case a few tokens of its like, so that none pays for the first time of anything."""
        for case in self.cases:
            adapters = case.adapters if self._fits(case) else tuple((a or 0) + 1 for a in case.adapters)
            yield Case(case.name, adapters, WARM_UP_NEW, counts=False)
            yield from (case for _ in range(self.tries))

    def _fits(self, case: Case) -> bool:
        """Whether all adapters it draws from stay ready; where they do not, it is measured with none of them ready."""
        return REGISTERED_AT.get(case.name, 0) <= self.slots


def rows_case(rows: int) -> Case:
    return Case(f"rows {rows}", tuple(range(rows)), SWEEP_NEW)


def registered_case(registered: int) -> Case:
    """Eight requests, their adapters spread evenly over the registered ones."""
    stride = max(1, registered // 8)
    return Case(f"registered {registered}", tuple(i * stride % registered for i in range(8)), SWEEP_NEW)


ROWS = (1, 2, 4, 8, 16, 32)
REGISTERED = (1, 4, 16, 64)
REGISTERED_AT = {registered_case(n).name: n for n in REGISTERED}

# The parts of the bench that peers do too. The other parts are ours alone: benchmarks.serving.troupe_server.
PLANS = {
    "cases": Plan(CASES, rows=8, registered=8, slots=8, tries=2),
    "rows": Plan(tuple(rows_case(n) for n in ROWS), rows=32, registered=32, slots=32),
    "registered": Plan(tuple(registered_case(n) for n in REGISTERED), rows=8, registered=64, slots=16),
}


@dataclass(frozen=True)
class Setting:
    """What a server serves: a transformers folder, and a folder of one adapter, of which it takes as many copies as
    it needs. The rest says where a peer is: llama-server's folder and its GGUF model, vLLM's Python."""

    model: Path
    adapter: Path
    precision: str
    threads: int
    llama_bin: Path | None = None
    llama_gguf: Path | None = None
    vllm_python: Path | None = None

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> "Setting":
        given: dict[str, Any] = json.loads(text)
        paths = {"model", "adapter", "llama_bin", "llama_gguf", "vllm_python"}
        places = {key: Path(given[key]) for key in paths if given[key]}
        return cls(**{**given, **places})


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


@dataclass(frozen=True)
class Figure:
    """One measured value that is no run of a case; seconds, tokens/s, bytes or a count, as its name says."""

    name: str
    value: float


Measured = Timing | Figure
# What a server's module offers: `run(setting, part)`.
Run = Callable[[Setting, str], Iterator[Measured]]


def prompts(tokenizer: Any) -> list[str]:
    return [
        tokenizer.apply_chat_template([{"role": "user", "content": q}], add_generation_prompt=True, tokenize=False)
        for q in QUESTIONS
    ]


def better(timings: list[Timing]) -> list[Timing]:
    """Each server's best run of each case, in the order of their first runs."""
    best: dict[tuple[str, str], Timing] = {}
    for timing in timings:
        key = (timing.server, timing.case)
        if key not in best or timing.seconds < best[key].seconds:
            best[key] = timing
    return list(best.values())
