"""Members whose Discord speaks another language: commands, buttons, private answers and what the channel reads."""

import pytest

from bot.errors import EngineStopped
from bot.wording import language_of, render
from tests.waiting import until
from tests.wire.stage import Stage, buttons


@pytest.mark.parametrize("locale", ["de", "ja", "es-419"])
async def test_the_bot_speaks_the_language_that_discord_names(stage: Stage, locale: str) -> None:
    language = language_of(locale)
    listed = await stage.server.control.commands(member=stage.mika, channel=stage.tavern)
    labels = {command["name"]: command["label"] for command in listed["slash"]}
    assert labels["privacy"] == render("command-privacy.name", language)

    await stage.slash("privacy")
    await until(lambda: any(message["content"] for message in stage.whispers()))
    [told] = stage.whispers()
    assert render("privacy-undecided", language) in told["content"]
    assert buttons(told)[0]["label"] == render("privacy-allow", language)

    stage.engine.raises(EngineStopped())
    await stage.say("hello")
    await until(lambda: stage.replies())
    assert stage.replies()[-1]["content"] == render("engine-stopped", language)
