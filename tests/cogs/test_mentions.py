import re
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from bot.cogs.mentions import defused, spoken_text

# What Discord turns into a ping.
PING = re.compile(r"@(everyone|here)\b|<@[!&]?\d+>", re.IGNORECASE)
PIECES = st.sampled_from(["@everyone", "@here", "@Here", "<@123>", "<@!123>", "<@&123>", "<@", "@", "word ", "1>"])


@given(st.lists(PIECES, max_size=12).map("".join))
def test_nothing_that_pings_is_left(text: str) -> None:
    assert PING.search(defused(text)) is None
    assert defused(text).replace("\u200b", "") == text


def test_other_text_is_left_as_it_is() -> None:
    text = "mail me@example.org, @hereafter, @someone, <#123>, a < b @ c"
    assert defused(text) == text


def said(content: str) -> str:
    bob = SimpleNamespace(id=7, display_name=r"bob \1")
    message = SimpleNamespace(content=content, guild=None, role_mentions=[], mentions=[bob], channel_mentions=[])
    return spoken_text(cast(Any, message), cast(Any, SimpleNamespace(id=1)))


def test_the_bots_mention_goes_and_others_become_names() -> None:
    assert said("<@1> hello <@7>") == r"hello @bob \1"
    assert said("hey <@!1> , you") == "hey , you"
    assert said("<@1>") == ""


def test_the_members_code_keeps_its_indentation() -> None:
    assert said("<@1> fix\n```py\nif x:\n        y()\n```") == "fix\n```py\nif x:\n        y()\n```"
