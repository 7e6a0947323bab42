"""The pictures of a training: its loss by step, and approval by day with the versions that spoke. PNG bytes."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, DateFormatter
from matplotlib.figure import Figure

from bot.charts import blank_figure, png, quiet, say_instead
from bot.store import VersionDay

LINE, INK, GROUND, GRID, MARK = "#4653d6", "#2e3338", "#ffffff", "#e3e5e8", "#8a6d00"
SMOOTHED = 8  # steps in the moving average
DAY = 86_400


def loss_chart(curve: Sequence[Mapping[str, Any]]) -> bytes:
    """`curve`: the manifest's points, each with `step` and `loss`."""
    figure, axes = _figure("Loss per completion token, by training step")
    points = [(p["step"], p["loss"]) for p in curve if isinstance(p.get("loss"), int | float)]
    if not points:
        return _nothing(figure, axes, "no loss was recorded")
    steps, losses = zip(*points, strict=True)
    axes.plot(steps, losses, color=LINE, alpha=0.35, linewidth=1)
    axes.plot(steps, _moving_average(losses), color=LINE, linewidth=2)
    axes.set_xlabel("step", color=INK)
    axes.set_ylim(bottom=0)
    return png(figure)


def daily_approval_chart(days: Sequence[VersionDay], changes: Sequence[tuple[float, int]]) -> bytes:
    """`changes`: when (unix seconds) which version began to speak; drawn as marks where votes surround them."""
    figure, axes = _figure("Likes, % of the votes of a day; the size tells how many votes")
    voted = [day for day in days if day.up + day.down]
    if not voted:
        return _nothing(figure, axes, "no votes yet")
    axes.set_ylim(0, 112)
    for number in sorted({day.number or 0 for day in voted}):
        own = [day for day in voted if (day.number or 0) == number]
        dates = [_date(day.day) for day in own]
        shares = [100 * day.up / (day.up + day.down) for day in own]
        label = f"v{number}" if number else "base model"
        [line] = axes.plot(dates, shares, linewidth=1.5, label=label)
        axes.scatter(dates, shares, s=[16 + 4 * min(d.up + d.down, 40) for d in own], color=line.get_color(), zorder=3)
    first, last = voted[0].day - DAY, voted[-1].day + 2 * DAY
    for at, number in changes:
        if first <= at <= last:
            axes.axvline(_date(at), color=MARK, linestyle="--", linewidth=1)
            axes.text(_date(at), 106, f" v{number}", color=MARK, fontsize=9)
    axes.legend(frameon=False, fontsize=9, loc="lower right", ncols=4)
    axes.xaxis.set_major_locator(AutoDateLocator(maxticks=8))  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(DateFormatter("%d %b"))  # type: ignore[no-untyped-call]
    return png(figure)


def _figure(title: str) -> tuple[Figure, Axes]:
    figure = blank_figure((8.4, 3.2), 130, GROUND)
    axes = figure.subplots()
    axes.set_title(title, loc="left", fontsize=11, color=INK)
    axes.grid(axis="y", color=GRID)
    quiet(axes, INK)
    return figure, axes


def _nothing(figure: Figure, axes: Axes, words: str) -> bytes:
    say_instead(axes, words, INK)
    return png(figure)


def _moving_average(values: Sequence[float]) -> list[float]:
    windows = [values[max(0, end - SMOOTHED) : end] for end in range(1, len(values) + 1)]
    return [sum(window) / len(window) for window in windows]


def _date(unix_seconds: float) -> float:
    """A place on a time axis."""
    return unix_seconds / DAY
