import struct

import pytest

from bot.discord_bot.approval_chart import approval_chart
from bot.store import Approval, Statistics

EMPTY = Statistics((), (), {}, 0, 0, {}, {})
DAY = 86_400


def figures(days: int, versions: int) -> Statistics:
    return Statistics(
        tuple(Approval(DAY * (20_000 + n), 3, n % 7, 3) for n in range(days)),
        tuple(Approval(n or None, 9, 3 * n, 12 - min(n, 10)) for n in range(versions)),
        {}, 0, 0, {}, {},
    )  # fmt: skip


@pytest.mark.parametrize("statistics", [EMPTY, figures(1, 1), figures(30, 3), figures(400, 40)])
@pytest.mark.parametrize("title", ["Captain Saltbeard", "🎭 涼宮 $\\frac{$ \x00"])
def test_a_chart_is_a_png_of_its_size_whatever_there_is_to_show(statistics, title):
    picture = approval_chart(title, statistics)
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", picture[16:24]) == (1080, 480)
