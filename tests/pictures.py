"""What a PNG shows, told by its pixels: where a colour lies, and how far it reaches."""

import io

import numpy as np
from matplotlib import image
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


class Picture:
    """A decoded PNG; rows are counted from the top, columns from the left."""

    def __init__(self, png: bytes) -> None:
        levels = image.imread(io.BytesIO(png), format="png")[:, :, :3]
        self.pixels: NDArray[np.int16] = np.rint(levels * 255).astype(np.int16)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def where(self, colour: str, within: int = 2) -> Mask:
        """Where it has the colour `#rrggbb`, `within` so much a channel; thin lines are blended with their ground."""
        wanted = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)])
        near: Mask = (np.abs(self.pixels - wanted) <= within).all(axis=2)
        return near


def columns(mask: Mask) -> list[range]:
    """The runs of neighbouring columns in which anything is marked, from left to right."""
    return _runs(np.asarray(mask.any(axis=0)))


def top(mask: Mask) -> int:
    """The highest marked row."""
    return int(np.argmax(mask.any(axis=1)))


def height(mask: Mask) -> int:
    """Marked rows from the first to the last; 0 for none."""
    rows = np.flatnonzero(mask.any(axis=1))
    return int(rows[-1] - rows[0] + 1) if rows.size else 0


def middle(mask: Mask) -> float:
    """The mean marked row."""
    return float(np.flatnonzero(mask.any(axis=1)).mean())


def _runs(marked: NDArray[np.bool_]) -> list[range]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], marked, [False])).astype(np.int8)))
    return [range(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]
