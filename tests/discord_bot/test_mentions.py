from types import SimpleNamespace
from typing import Any, cast

from bot.discord_bot.addressing import spoken_text


def said(content: str) -> str:
    bob = SimpleNamespace(id=7, display_name=r"bob \1")
    message = SimpleNamespace(content=content, guild=None, role_mentions=[], mentions=[bob], channel_mentions=[])
    return spoken_text(cast(Any, message), cast(Any, SimpleNamespace(id=1)))


def test_the_bots_mention_goes_and_others_become_names() -> None:
    assert said("<@1> hello <@7>") == r"hello @bob 1"
    assert said("hey <@!1> , you") == "hey , you"
    assert said("<@1>") == ""


def test_the_members_code_keeps_its_indentation() -> None:
    assert said("<@1> fix\n```py\nif x:\n        y()\n```") == "fix\n```py\nif x:\n        y()\n```"
