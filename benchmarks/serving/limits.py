"""What a decode step needs at least on this machine: bytes read and operations done, over the rates measured here.

usage: python -m benchmarks.serving.limits

Beside each bound stands what the last `make bench` measured, if there was one.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from safetensors import safe_open

from benchmarks.serving.machine import cores
from benchmarks.serving.results import Results
from benchmarks.serving.targets import OURS
from benchmarks.serving.work import BASE_1, BASE_8, DISTINCT_8, LORA_1, SAME_8, Case
from bot.config import load_config
from bot.engine.base_model import PACKAGED, prepare_base_model
from bot.versions.registry import WEIGHTS, AdapterRegistry

MEMORY = 512 << 20  # bytes read and copied: many times a processor's cache
SIDE = 2048  # of the matrices multiplied
TRIES = 5
LORA_BYTES, WEIGHT_BYTES = 2, 1  # bf16, int8
PERSONA = "pirate"
RESULTS = Path("bench-results/engine.json")


@dataclass(frozen=True)
class Rates:
    """Per second, by all cores: bytes read, bytes copied (read and written count once each), operations in products of
    large matrices, where a multiplication and an addition are two."""

    read: float
    copied: float
    int8: float
    bf16: float


@dataclass(frozen=True)
class Need:
    """What one step of a case must do: bytes from memory, operations of its products."""

    case: Case
    read: float
    operations: float


def measure_rates(memory: int = MEMORY, side: int = SIDE) -> Rates:
    source = torch.ones(memory // 4)
    target = torch.empty_like(source)
    left, right = (torch.randint(-100, 100, (side, side), dtype=torch.int8) for _ in range(2))
    wide = left.bfloat16(), right.bfloat16().t().contiguous().t()
    return Rates(
        read=memory / fastest(source.sum),
        copied=2 * memory / fastest(lambda: target.copy_(source)),
        int8=2 * side**3 / fastest(lambda: torch._int_mm(left, right)),
        bf16=2 * side**3 / fastest(lambda: torch.mm(*wide)),
    )


def fastest(work: Callable[[], object]) -> float:
    """Seconds of the best of a few tries, after one that does not count."""
    work()
    times = []
    for _ in range(TRIES):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def needs(weights: int, adapter: int) -> list[Need]:
    """Of each case, for a model of so many weights in its products and an adapter of so many parameters."""
    found = []
    for case in (BASE_1, LORA_1, BASE_8, SAME_8, DISTINCT_8):
        adapters = {number for number in case.adapters if number is not None}
        adapted = sum(number is not None for number in case.adapters)
        read = weights * WEIGHT_BYTES + len(adapters) * adapter * LORA_BYTES
        found.append(Need(case, read, 2.0 * (weights * len(case.adapters) + adapter * adapted)))
    return found


def matrix_elements(file: Path) -> int:
    """Numbers in a safetensors file's matrices; norms and biases are left out."""
    with safe_open(file, framework="pt") as tensors:
        shapes = [tensors.get_slice(name).get_shape() for name in tensors.keys()]  # noqa: SIM118  # not a dict
    return sum(math.prod(shape) for shape in shapes if len(shape) == 2)


def rates_table(rates: Rates) -> Table:
    table = Table("rate of this machine", "", title=f"{torch.get_num_threads()} threads")
    table.add_row("memory read", f"{rates.read / 1e9:.1f} GB/s")
    table.add_row("memory copied, read and written", f"{rates.copied / 1e9:.1f} GB/s")
    table.add_row("int8 products of large matrices", f"{rates.int8 / 1e9:.0f} G operations/s")
    table.add_row("bf16 products of large matrices", f"{rates.bf16 / 1e9:.0f} G operations/s")
    return table


def needs_table(found: list[Need], rates: Rates, results: Results | None) -> Table:
    """`results`: the bench's, whose steps are taken as long as its cases took per token of a row, prefill included."""
    table = Table("a step of", "reads", "at the rate", "computes", "at the rate", "measured", title="At least")
    for need in found:
        timing = results.timing(OURS, need.case.name) if results else None
        measured = "–" if timing is None else f"{1000 * timing.seconds / need.case.new:.1f} ms"
        table.add_row(
            need.case.name,
            f"{need.read / 1e6:.0f} MB",
            f"{1000 * need.read / rates.read:.1f} ms",
            f"{need.operations / 1e9:.2f} G",
            f"{1000 * need.operations / rates.int8:.1f} ms",
            measured,
        )
    return table


def main() -> None:
    torch.set_num_threads(cores())
    config = load_config()
    files = prepare_base_model(PACKAGED, config.cache_dir)
    version = AdapterRegistry(config.adapters_dir).active(PERSONA)
    adapter = 0 if version is None else matrix_elements(version.path / WEIGHTS)
    rates = measure_rates()
    found = needs(matrix_elements(files.path / "model.safetensors"), adapter)
    console = Console()
    console.print(rates_table(rates))
    console.print(needs_table(found, rates, Results.read(RESULTS) if RESULTS.is_file() else None))


if __name__ == "__main__":
    main()
