"""Property tests of what the model's words may look like in a channel."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.discord_bot.replying.defusing import defused

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


INVITES = [
    "https://discord.gg/abc123", "discord.gg/abc", "Join DISCORD.GG/x now", "http://www.discord.com/invite/abc",
    "discordapp.com/invite/abc", "dsc.gg/troupe", "discord . gg / abc", "discord.com//invite/abc",
    "https://ptb.discord.com/ /invite/abc", "discord.com\\invite\\abc", "discord.gg\\abc", "discord.com/%69nvite/abc",
    "https://discord.gift/abc", "discord.com/gifts/abc", "https://discord.new/abc",
    "discord.com/billing/promotions/abc",
    "https://discord.com/oauth2/authorize?client_id=1&scope=bot", "discordapp.com/api/v10/oauth2/authorize?client_id=1",
]  # fmt: skip
# What Discord (or a reader) takes for an invite.
INVITE = re.compile(
    r"(discord(app)?|dsc)\s?\.\s?(gg|gift|new|com\s?[/\\].*?(nvite|gifts|promotions|oauth2))", re.IGNORECASE
)


@pytest.mark.parametrize("text", INVITES)
def test_an_invite_is_only_text(text: str) -> None:
    assert INVITE.search(text)
    assert INVITE.search(defused(text)) is None
    assert defused(text).replace("\u200b", "") == text


def test_a_bots_token_is_taken_out() -> None:
    token = "M" + "TIzNDU2Nzg5MDEyMzQ1Njc4" + ".GabcDe." + "abcdefghijklmnopqrstuvwxyz0123456789_-"
    assert defused(f"It is {token}, keep it.") == "It is [token removed], keep it."


def test_links_that_invite_nobody_are_left_as_they_are() -> None:
    text = "https://discord.com/developers/docs https://discord.com/channels/1/2/3"
    assert defused(text) == text
    text = "https://example.org/a.b.c version 1.2.3 A.module.name"
    assert defused(text) == text
