"""Draws approval over time and for each adapter version, as PNG bytes. Slow: run it in a thread."""

import datetime
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from bot.charts import blank_figure, png, quiet, say_instead
from bot.store import Approval, Statistics
from bot.wording import announce

# The ground stays open and the ink is a middle gray: the picture is read on a dark page and on a light one.
LIKED, DISLIKED, LINE, INK, GROUND, GRID = "#3ba55d", "#d8573f", "#5865f2", "#7d8390", "none", "#a9aeb860"
EDGE = "#a9aeb8"
MOST_VERSIONS = 12  # bars; the newest ones


def approval_chart(title: str, figures: Statistics) -> bytes:
    """A PNG, 1080 × 480: on the left approval by day, on the right likes and dislikes by version."""
    figure = blank_figure((7.2, 3.2), 150, GROUND)
    over_time, by_version = figure.subplots(1, 2, width_ratios=(3, 2))
    figure.suptitle(_plain(title), color=INK, fontsize=13, fontweight="bold")
    _days(over_time, [day for day in figures.days if day.share is not None])
    _versions(by_version, [v for v in figures.versions if v.up + v.down][-MOST_VERSIONS:])
    for axes in (over_time, by_version):
        quiet(axes, INK)
        axes.set_facecolor(GROUND)
        axes.spines[["left", "bottom"]].set_color(EDGE)
    return png(figure)


def _days(axes: Axes, days: Sequence[Approval]) -> None:
    axes.set_title(announce("chart-by-day"), loc="left", fontsize=10, color=INK)
    axes.set_ylim(0, 105)
    axes.set_ylabel(announce("chart-likes-share"), fontsize=9, color=INK)
    axes.grid(axis="y", color=GRID)
    if not days:
        say_instead(axes, announce("chart-no-votes"), INK)
        return
    dates = [datetime.datetime.fromtimestamp(day.key or 0, datetime.UTC).strftime("%m-%d") for day in days]
    positions = range(len(days))
    shares = [100 * (day.share or 0.0) for day in days]
    # The more votes, the larger the mark: a day with one vote says little.
    sizes = [12 + 4 * min(day.up + day.down, 30) for day in days]
    axes.plot(positions, shares, color=LINE, linewidth=1.5)
    axes.scatter(positions, shares, s=sizes, color=LINE, zorder=3)
    shown = list(positions)[:: max(1, -(-len(days) // 5))]
    axes.set_xticks(shown, [dates[position] for position in shown])
    axes.margins(x=0.06)


def _versions(axes: Axes, versions: Sequence[Approval]) -> None:
    axes.set_title(announce("chart-by-version"), loc="left", fontsize=10, color=INK)
    if not versions:
        say_instead(axes, announce("chart-no-votes"), INK)
        return
    names = [announce("chart-prompt") if version.key is None else f"v{version.key}" for version in versions]
    ups, downs = [version.up for version in versions], [version.down for version in versions]
    positions = range(len(versions))
    axes.bar(positions, ups, color=LIKED, label=announce("chart-likes"))
    axes.bar(positions, downs, bottom=ups, color=DISLIKED, label=announce("chart-dislikes"))
    for position, version in zip(positions, versions, strict=True):
        label = f"{100 * (version.share or 0.0):.0f} %"
        axes.annotate(label, (position, version.up + version.down), ha="center", va="bottom", fontsize=9, color=INK)
    axes.set_xticks(list(positions), names)
    axes.set_xlim(-0.7, max(len(versions), 3) - 0.3)
    axes.margins(y=0.18)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.legend(fontsize=8, frameon=False, labelcolor=INK, loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=2)


def can_draw(text: str) -> bool:
    """Whether matplotlib's own font has the letters; it has those of Europe's languages only."""
    return all(ord(character) < 0x2500 for character in text)


def _plain(title: str) -> str:
    """What matplotlib's font can draw and does not take for a formula."""
    return "".join(c for c in title if c.isprintable() and can_draw(c)).replace("$", r"\$").strip()
