"""Draws the house: `make graph` writes `docs/imports.md` and `docs/imports.svg`, every room and whom it imports.

The picture leaves out an arrow where a longer way leads to the same room; the table has them all.
"""

import re
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import networkx as nx
from matplotlib.figure import Figure

from tools.imports import circles, floors, module_graph, room_graph

DOCS = Path(__file__).parent.parent / "docs"
CENTRED: Any = {"ha": "center", "va": "center"}
COLOURS = {"bot": "#dbeafe", "training": "#dcfce7"}
INTRODUCTION = """# Who imports whom

A box is a package or a module directly below `bot/` (blue) or `training/` (green). Arrows only point down.
Where a longer way leads to the same box, the picture leaves the arrow out; the table has them all. Imports for types
count too.

`make graph` writes this page. `make contracts` checks the order of the floors, and a test that this page is current.

![Boxes for the rooms, arrows to what they import](imports.svg)

| room | imports |
| --- | --- |
"""


def table(graph: "nx.DiGraph[str]") -> str:
    """A Markdown row for each room, from the top floor down."""
    rows = (
        f"| `{room}` | {', '.join(f'`{imported}`' for imported in sorted(graph[room])) or 'nothing of ours'} |"
        for floor in floors(graph)
        for room in floor
    )
    return "\n".join(rows) + "\n"


def arrows_of(page: str) -> set[tuple[str, str]]:
    """The arrows that a page written by `table` shows."""
    rows = re.findall(r"^\| `([\w.]+)` \| (.+) \|$", page, re.MULTILINE)
    return {(room, imported) for room, cell in rows for imported in re.findall(r"`([\w.]+)`", cell)}


def places(graph: "nx.DiGraph[str]") -> dict[str, tuple[float, float]]:
    """Where each box goes: a row a floor, and in its row near the boxes that import it."""
    at: dict[str, tuple[float, float]] = {}
    for depth, floor in enumerate(floors(graph)):
        wish = {room: _middle([at[importer][0] for importer in graph.predecessors(room)]) for room in floor}
        for index, room in enumerate(sorted(floor, key=lambda room: (wish[room], room))):
            at[room] = ((index + 0.5) / len(floor), -float(depth))
    return at


def _middle(positions: list[float]) -> float:
    return sum(positions) / len(positions) if positions else 0.5


def draw(graph: "nx.DiGraph[str]", file: Path) -> None:
    at = places(graph)
    figure = Figure(figsize=(15, 1.05 * len(floors(graph))), dpi=72)  # as SVG is drawn: boxes keep their size
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 1), ylim=(-len(floors(graph)) + 0.4, 0.6))
    axes.set_axis_off()
    boxes = {room: axes.text(x, y, room, bbox=_box(room), **CENTRED).get_bbox_patch() for room, (x, y) in at.items()}
    figure.draw_without_rendering()  # a box has its size only once it was drawn, and arrows end at its edge
    for room, imported in sorted(nx.transitive_reduction(graph).edges):
        ends = {"patchA": boxes[room], "patchB": boxes[imported]}
        axes.annotate("", at[imported], at[room], zorder=0, arrowprops={"arrowstyle": "->", "color": "#64748b", **ends})
    with mpl.rc_context({"svg.hashsalt": "troupe", "svg.fonttype": "none"}):
        figure.savefig(file, metadata={"Date": None})


def _box(room: str) -> dict[str, str]:
    return {"boxstyle": "round", "facecolor": COLOURS[room.split(".")[0]], "edgecolor": "#475569"}


def main() -> None:
    graph = room_graph(module_graph())
    for circle in circles(graph):
        sys.exit(f"These rooms import each other in a circle: {', '.join(circle)}. Move what both need below them.")
    draw(graph, DOCS / "imports.svg")
    (DOCS / "imports.md").write_text(INTRODUCTION + table(graph), encoding="utf-8")
    print(f"Wrote docs/imports.md and docs/imports.svg: {len(graph)} rooms, {len(graph.edges)} arrows.")


if __name__ == "__main__":
    main()
