"""The picture that /stats shows, read back from its pixels."""

import io

import pytest
from matplotlib import image

from bot.discord_bot.approval_chart import DISLIKED, INK, LIKED, LINE, MOST_VERSIONS, approval_chart
from bot.store import Approval, Statistics
from tests.pictures import Mask, Picture, columns, height, middle, top

EMPTY = Statistics((), (), {}, 0, 0, {}, {})
DAY = 86_400
BY_DAY, BY_VERSION = slice(0, 650), slice(690, 1080)  # columns of the two axes
AXES = slice(70, 405)  # their rows, without title and legend


def figures(days: list[tuple[int, int]], versions: list[tuple[int, int]]) -> Statistics:
    """Likes and dislikes of each day, and of each version from the base model on."""
    return Statistics(
        tuple(Approval(DAY * (20_000 + n), up + down, up, down) for n, (up, down) in enumerate(days)),
        tuple(Approval(n or None, up + down, up, down) for n, (up, down) in enumerate(versions)),
        {}, 0, 0, {}, {},
    )  # fmt: skip


def by_day(*days: tuple[int, int]) -> Mask:
    """Where the line is, for these days."""
    return Picture(approval_chart("Pip", figures(list(days), []))).where(LINE)[AXES, BY_DAY]


def bars(colour: str, *versions: tuple[int, int]) -> Mask:
    """Where bars of a colour are, for these versions."""
    return Picture(approval_chart("Pip", figures([], list(versions)))).where(colour)[AXES, BY_VERSION]


def heights(mask: Mask) -> list[int]:
    return [height(mask[:, run.start : run.stop]) for run in columns(mask)]


@pytest.mark.parametrize(
    "statistics",
    [EMPTY, figures([(0, 3)], [(3, 2)]), figures([(n % 7, 3) for n in range(400)], [(3 * n, 2) for n in range(40)])],
    ids=["nothing", "one of each", "many"],
)
@pytest.mark.parametrize("title", ["Captain Saltbeard", "🎭 涼宮 $\\frac{$ \x00"])
def test_a_chart_is_of_its_size_whatever_there_is_to_show(statistics: Statistics, title: str) -> None:
    assert Picture(approval_chart(title, statistics)).size == (1080, 480)


def test_a_rising_approval_is_a_line_that_rises() -> None:
    line = by_day((0, 4), (1, 3), (2, 2), (3, 1), (4, 0))
    [whole] = columns(line)
    parts = [line[:, start : start + 40] for start in whole[:-40:100]]
    rows = [middle(part) for part in parts]
    assert len(rows) == 5
    assert rows == sorted(rows, reverse=True), "higher and higher"
    assert height(line) > 300, "from nobody to everybody"


def test_a_day_of_many_votes_has_a_larger_mark() -> None:
    line = by_day((1, 0), (30, 0))
    [whole] = columns(line)
    few, many = line[:, whole.start : whole.start + 20], line[:, whole.stop - 20 : whole.stop]
    assert height(many) > 1.5 * height(few) > 0


def test_a_day_without_votes_is_no_day_without_likes() -> None:
    assert height(by_day((3, 0), (0, 0), (3, 0))) < 20, "the line stays at the top"


@pytest.mark.parametrize(("colour", "ratio"), [(LIKED, 2.0), (DISLIKED, 0.5)])
def test_a_bar_is_as_high_as_the_votes_are_many(colour: str, ratio: float) -> None:
    first, second = heights(bars(colour, (8, 4), (4, 8)))
    assert first / second == pytest.approx(ratio, rel=0.03)


def test_dislikes_stand_on_likes() -> None:
    likes, dislikes = bars(LIKED, (6, 6)), bars(DISLIKED, (6, 6))
    assert top(dislikes) + height(dislikes) == pytest.approx(top(likes), abs=2)


def test_the_newest_versions_are_shown_where_there_are_many() -> None:
    shown = heights(bars(LIKED, *((1 + number, 0) for number in range(MOST_VERSIONS + 8))))
    assert len(shown) == MOST_VERSIONS
    assert shown == sorted(shown)
    assert shown[0] / shown[-1] == pytest.approx(9 / 20, rel=0.05), "the ninth is the first of them"


def test_a_version_nobody_voted_on_takes_no_place() -> None:
    assert approval_chart("Pip", figures([], [(2, 0), (0, 0)])) == approval_chart("Pip", figures([], [(2, 0)]))


def test_without_votes_it_says_so_in_both_places() -> None:
    nothing = Picture(approval_chart("Pip", EMPTY)).where(INK)[200:280]
    voted = Picture(approval_chart("Pip", figures([(1, 0)], [(1, 0)]))).where(INK)[200:280]
    for place in (slice(250, 500), slice(750, 1000)):
        assert nothing[:, place].any()
        assert not voted[:, place].any()


def test_a_title_is_drawn_without_what_the_font_lacks() -> None:
    assert approval_chart("Pip", EMPTY) == approval_chart("🎭 Pip\x00", EMPTY)
    assert approval_chart("Pip", EMPTY) != approval_chart("Pop", EMPTY)


def test_no_ground_is_painted_so_that_it_is_read_on_a_dark_page_and_on_a_light_one() -> None:
    levels = image.imread(io.BytesIO(approval_chart("Pip", figures([(1, 0)], [(1, 0)]))))
    dark = (levels[..., :3].max(axis=2) < 0.2) & (levels[..., 3] > 0.9)
    bright = (levels[..., :3].min(axis=2) > 0.9) & (levels[..., 3] > 0.9)
    assert not dark.any()
    assert not bright.any()
