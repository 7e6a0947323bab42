"""Results as a picture: tokens/s and the last first token against rows and against registered adapters."""

import math
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from benchmarks.serving.report import sweep_of
from benchmarks.serving.results import Results

COLOURS = {"troupe": "#5865f2", "llama.cpp": "#d8573f", "vllm": "#e8a33d", "peft adapter_names": "#3ba55d"}
INK, GRID = "#2e3338", "#e3e5e8"
SWEEPS = {
    "rows": "requests at once, each with its own adapter",
    "registered": "registered adapters, 8 requests at once",
}


def write_chart(results: Results, file: Path) -> None:
    """A PNG, 1350 × 1050 pixels."""
    figure = Figure(figsize=(9, 7), dpi=150, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, 2)
    for column, (sweep, label) in enumerate(SWEEPS.items()):
        _speeds(axes[0][column], results, sweep)
        _first_tokens(axes[1][column], results, sweep)
        axes[1][column].set_xlabel(label, color=INK)
    handles, labels = axes[0][0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, format="png")


def _speeds(axes: Axes, results: Results, sweep: str) -> None:
    axes.set_ylabel("tokens/s in total", color=INK)
    found = sweep_of(results, sweep)
    _lines(axes, {server: {n: t.tokens_per_s for n, t in points.items()} for server, points in found.items()})
    axes.set_ylim(bottom=0)


def _first_tokens(axes: Axes, results: Results, sweep: str) -> None:
    axes.set_ylabel("seconds to the last first token", color=INK)
    found = sweep_of(results, sweep)
    _lines(axes, {server: {n: t.last_first_token_s for n, t in points.items()} for server, points in found.items()})
    seconds = [t.last_first_token_s for points in found.values() for t in points.values()]
    axes.set_yscale("log")
    if seconds:  # whole decades
        axes.set_ylim(10 ** math.floor(math.log10(min(seconds))), 10 ** math.ceil(math.log10(max(seconds))))
    axes.yaxis.set_major_formatter("{x:g}")


def _lines(axes: Axes, found: dict[str, dict[int, float]]) -> None:
    numbers = sorted({number for points in found.values() for number in points})
    for server, points in found.items():
        ordered = sorted(points.items())
        axes.plot(*zip(*ordered, strict=True), marker="o", markersize=4, color=COLOURS.get(server, INK), label=server)
    axes.set_xscale("log", base=2)
    axes.set_xticks(numbers, [str(number) for number in numbers])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(color=GRID)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK)
