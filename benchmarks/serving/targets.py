"""What the engine should reach on two CPU cores, and whether a run of the bench reached it."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.serving.results import Results
from benchmarks.serving.work import Timing

OURS = "troupe"


@dataclass(frozen=True)
class Target:
    """`measure` answers None where the run lacks what it takes."""

    name: str
    measure: Callable[[Results], float | None]
    limit: float
    unit: str
    at_least: bool

    def judge(self, results: Results) -> "Judgement":
        measured = self.measure(results)
        if measured is None:
            return Judgement(self, None, None)
        return Judgement(self, measured, measured >= self.limit if self.at_least else measured <= self.limit)

    @property
    def wanted(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {shown(self.limit, self.unit)}"


@dataclass(frozen=True)
class Judgement:
    """`met` is None where nothing was measured."""

    target: Target
    measured: float | None
    met: bool | None

    @property
    def found(self) -> str:
        return "–" if self.measured is None else shown(self.measured, self.target.unit)

    @property
    def verdict(self) -> str:
        return {True: "met", False: "NOT MET", None: "not measured"}[self.met]


def shown(value: float, unit: str) -> str:
    digits = {"%": 0, "ms": 0, "": 0}.get(unit, 2 if value >= 0.2 else 3)
    return f"{value:.{digits}f} {unit}".strip()


def judge(results: Results) -> list[Judgement]:
    return [target.judge(results) for target in TARGETS]


def faster(case: str, peer: str) -> Callable[[Results], float | None]:
    """Our tokens/s over the peer's."""
    return lambda results: _ratio(_speed(results.timing(OURS, case)), _speed(results.timing(peer, case)))


def share(case: str, of: str, scale: float = 1.0) -> Callable[[Results], float | None]:
    """Our tokens/s in one case over those in another."""
    return lambda results: _ratio(_speed(results.timing(OURS, case)), _speed(results.timing(OURS, of)), scale)


def last_first_token(results: Results) -> float | None:
    timing = results.timing(OURS, "distinct x8")
    return None if timing is None else timing.last_first_token_s


def first_token_share(peer: str) -> Callable[[Results], float | None]:
    def measure(results: Results) -> float | None:
        other = results.timing(peer, "distinct x8")
        return None if other is None else _ratio(last_first_token(results), other.last_first_token_s)

    return measure


def quotient(above: str, below: str) -> Callable[[Results], float | None]:
    return lambda results: _ratio(results.figure(above), results.figure(below))


def figure(name: str, scale: float = 1.0) -> Callable[[Results], float | None]:
    return lambda results: _ratio(results.figure(name), 1.0, scale)


def cold_over_resident_ms(results: Results) -> float | None:
    cold, resident = (results.figure(f"first token, {state} adapter") for state in ("cold", "resident"))
    return None if cold is None or resident is None else (cold - resident) * 1000


def _speed(timing: Timing | None) -> float | None:
    return None if timing is None else timing.tokens_per_s


def _ratio(above: float | None, below: float | None, scale: float = 1.0) -> float | None:
    return None if above is None or below is None else above / below * scale


MEDIAN = "median gap, undisturbed"
TARGETS = (
    Target("distinct x8, tokens/s, over llama.cpp server", faster("distinct x8", "llama.cpp"), 4, "×", True),
    Target("distinct x8, tokens/s, over vLLM on CPU", faster("distinct x8", "vllm"), 7, "×", True),
    Target("distinct x8, tokens/s, over PEFT adapter_names", faster("distinct x8", "peft adapter_names"), 9, "×", True),
    Target("distinct x8 as a share of base x8", share("distinct x8", "base x8", 100), 85, "%", True),
    Target("lora x1, tokens/s, over llama.cpp server (Q4_1)", faster("lora x1", "llama.cpp"), 1, "×", True),
    Target("last first token in distinct x8", last_first_token, 1.0, "s", False),
    Target("last first token in distinct x8, of llama.cpp's", first_token_share("llama.cpp"), 0.125, "×", False),
    Target("of 32 requests over 32 adapters finished", figure("requests of the crowd that finished"), 32, "", True),
    Target("their tokens/s as a share of distinct x16",
           share("32 requests over 32 adapters", "distinct x16", 100), 80, "%", True),
    Target("p99 gap while 1,500 tokens are prefilled, over the undisturbed median",
           quotient("p99 gap while 1,500 tokens are prefilled", MEDIAN), 3, "×", False),
    Target("p99 gap while an adapter is loaded, over the undisturbed median",
           quotient("p99 gap while an adapter is loaded", MEDIAN), 3, "×", False),
    Target("first token of turn 10, over turn 1's", quotient("first token of turn 10", "first token of turn 1"),
           1.5, "×", False),
    Target("first token after a persona prompt of 400 tokens, over one of 20",
           quotient("first token after a system prompt of 400 tokens",
                    "first token after a system prompt of 20 tokens"), 1.5, "×", False),
    Target("cold adapter to first token, over a resident one", cold_over_resident_ms, 150, "ms", False),
    Target("memory of the process, 8 adapters, 16 full rows × 2,048 tokens", figure("bytes at the peak", 1e-9),
           1.6, "GB", False),
    Target("start to ready, warm cache", figure("seconds from start to ready"), 10, "s", False),
)  # fmt: skip
