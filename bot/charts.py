"""What every chart of ours begins and ends with: a quiet figure, words where there is nothing to draw, PNG bytes."""

import io

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


def blank_figure(inches: tuple[float, float], dpi: int, ground: str) -> Figure:
    figure = Figure(figsize=inches, dpi=dpi, facecolor=ground, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def quiet(axes: Axes, ink: str) -> None:
    """No box around the plot, small figures beside it."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=ink, labelsize=9)


def say_instead(axes: Axes, words: str, ink: str) -> None:
    """Words in the middle of a plot that has nothing to show."""
    axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", color=ink)
    axes.set_xticks([])
    axes.set_yticks([])


def png(figure: Figure) -> bytes:
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()
