"""/help: short, private, in the member's own language."""

from typing import Any

from bot.wording import render


async def test_help_is_private_and_says_how_to_talk_rate_and_decide_about_learning(channel: Any, alice: Any) -> None:
    result = await alice.slash(channel, "help")
    assert result.ephemeral
    said = result.response.content
    assert [line.split(":")[0] for line in said.splitlines()] == ["**Talk", "**Below a reply", "**Learning"]
    assert "`/privacy`" in said
    assert len(said) < 700


def test_help_exists_in_every_language_in_which_the_bot_speaks() -> None:
    assert render("help-talk", "de").startswith("**Reden:** Erwähne mich")
