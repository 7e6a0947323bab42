"""The import graph: what is drawn is what the source says, and the committed page is current."""

import networkx as nx
import pytest

from tools.graph import DOCS, arrows_of, draw, places, table
from tools.imports import circles, floors, module_graph, room_graph

HOUSE = nx.DiGraph(
    [("bot.app", "bot.cogs"), ("bot.app", "bot.errors"), ("bot.cogs", "bot.errors"), ("training.run", "bot.errors")]
)


def test_rooms_stand_above_everything_they_import():
    assert floors(HOUSE) == [["bot.app"], ["bot.cogs", "training.run"], ["bot.errors"]]
    at = places(HOUSE)
    assert all(at[room][1] > at[imported][1] for room, imported in HOUSE.edges)


def test_imports_inside_a_room_and_of_whole_packages_are_no_arrows_between_rooms():
    modules = nx.DiGraph([("bot.cogs.chat", "bot.cogs.asking"), ("bot.cogs.chat", "bot.errors"), ("bot.errors", "bot")])
    assert list(room_graph(modules).edges) == [("bot.cogs", "bot.errors")]


def test_a_circle_is_named_with_all_its_members_and_has_no_floors():
    ring = nx.DiGraph([("bot.a", "bot.b"), ("bot.b", "bot.c"), ("bot.c", "bot.a"), ("bot.c", "bot.d")])
    assert circles(ring) == [["bot.a", "bot.b", "bot.c"]]
    with pytest.raises(nx.NetworkXUnfeasible):
        floors(ring)


def test_a_type_only_import_is_an_arrow_too():
    assert module_graph().has_edge("bot.sandbox", "bot.sandbox.server")


def test_the_table_shows_every_arrow():
    assert arrows_of(table(HOUSE)) == set(HOUSE.edges)


def test_the_picture_shows_every_room_and_leaves_out_arrows_that_follow_from_others(tmp_path):
    draw(HOUSE, tmp_path / "house.svg")
    picture = (tmp_path / "house.svg").read_text(encoding="utf-8")
    assert all(f">{room}<" in picture for room in HOUSE)
    draw(nx.transitive_reduction(HOUSE), tmp_path / "reduced.svg")
    assert picture == (tmp_path / "reduced.svg").read_text(encoding="utf-8")


def test_no_rooms_import_each_other_in_a_circle():
    assert circles(room_graph(module_graph())) == []


def test_the_committed_page_is_current():
    page = (DOCS / "imports.md").read_text(encoding="utf-8")
    assert arrows_of(page) == set(room_graph(module_graph()).edges), "run `make graph` and commit docs/imports.*"


def test_arrows_on_the_committed_page_only_point_down():
    page = (DOCS / "imports.md").read_text(encoding="utf-8")
    order = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]
    assert all(order.index(room) < order.index(imported) for room, imported in arrows_of(page))
