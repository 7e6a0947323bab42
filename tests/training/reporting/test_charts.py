"""The pictures of a training, read back from their pixels."""

import math

from bot.store import VersionDay
from tests.pictures import Mask, Picture, columns, height, middle, top
from training.reporting.charts import DAY, INK, LINE, MARK, SMOOTHED, daily_approval_chart, loss_chart

FIRST, SECOND = "#1f77b4", "#ff7f0e"  # matplotlib's first two colours: versions in their order
AXES = slice(40, 330)  # rows below the title and above the axis's labels
INSIDE = slice(90, 1080)  # columns right of the axis's labels


def loss_line(*losses: float) -> Mask:
    return Picture(loss_chart([{"step": step, "loss": loss} for step, loss in enumerate(losses, 1)])).where(LINE)[AXES]


def days(*votes: tuple[int, int, int], number: int = 1) -> list[VersionDay]:
    """The votes on a version, by day: (day, likes, dislikes)."""
    return [VersionDay((20_000 + day) * DAY, number, up, down) for day, up, down in votes]


def test_a_falling_loss_is_a_line_that_falls() -> None:
    line = loss_line(*(4 - step / 10 for step in range(30)))
    [whole] = columns(line)
    left, right = line[:, whole.start : whole.start + 10], line[:, whole.stop - 10 : whole.stop]
    assert len(whole) > 800
    assert middle(right) - middle(left) > 100, "rows are counted from the top"


def test_a_loss_that_jumps_is_shown_by_its_moving_average() -> None:
    line = loss_line(*(4.0 * (step % 2) for step in range(20 * SMOOTHED)))
    settled = line[:, columns(line)[0].start + 200 :]
    assert 0 < height(settled) < 60, "it jumps over the whole chart; its average does not"


def test_steps_without_a_loss_are_left_out() -> None:
    whole = [{"step": step, "loss": 1.0 + step} for step in range(1, 9)]
    assert loss_chart([*whole, {"step": 9, "loss": None}, {"step": 10}]) == loss_chart(whole)


def test_without_a_loss_and_without_votes_a_word_stands_in_the_middle() -> None:
    for empty in (loss_chart([]), daily_approval_chart([], []), daily_approval_chart(days((0, 0, 0)), [])):
        picture = Picture(empty)
        assert picture.where(INK)[190:230, 450:700].any()
        assert not picture.where(LINE)[AXES].any()


def test_each_version_has_a_line_of_its_own_where_its_votes_are() -> None:
    voted = [*days((0, 1, 3), (1, 1, 3), number=1), *days((2, 3, 1), (3, 3, 1), number=2)]
    picture = Picture(daily_approval_chart(voted, []))
    first, second = (picture.where(colour)[AXES, INSIDE] for colour in (FIRST, SECOND))
    assert top(first) - top(second) > 80, "3 of 4 stand higher than 1 of 4"
    [earlier], [later] = columns(first), columns(second)
    assert earlier.stop < later.start, "a whole line each, in the order of their days"


def test_a_mark_is_as_large_as_the_votes_of_its_day_are_many() -> None:
    few, many = (
        height(Picture(daily_approval_chart(days((0, up, 0)), [])).where(FIRST)[AXES.start : 120, INSIDE])
        for up in (1, 40)
    )
    assert many > 2 * few > 0


def test_a_change_of_version_is_marked_at_its_time_where_votes_surround_it() -> None:
    voted = days((0, 1, 1), (10, 1, 1))
    within = [((20_000 + day) * float(DAY), day) for day in (0, 10)]
    far = [((20_000 + day) * float(DAY), 1) for day in (-30, 300)]
    picture = Picture(daily_approval_chart(voted, within))
    marks = columns(picture.where(MARK, within=110)[70:150, INSIDE])
    line = columns(picture.where(FIRST)[AXES, INSIDE])
    assert len(marks) == 2
    assert math.isclose(marks[1].start - marks[0].start, line[-1].stop - line[0].start, rel_tol=0.05)
    assert daily_approval_chart(voted, far) == daily_approval_chart(voted, [])
