"""Edge cases of the edit loop that need exact lengths."""

from typing import Any

import pytest
import simcord

from tests.discord_bot.conftest import MakeBot
from tests.fakes import ScriptedEngine


async def test_a_message_that_the_final_text_does_not_need_is_taken_back(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    engine.holds()
    await alice.send(channel, f"{at_bot} code, please")
    generation = engine.generations[-1]
    generation.say("```\n" + "x " * 996 + "y")  # 1997 characters: with an added fence two messages
    await env.settle()
    assert len([m for m in channel.history() if m.author.id == env.bot.user.id]) == 2
    generation.say("```")  # with its own fence one of exactly 2000
    generation.end()
    await env.settle()
    [answer] = [m for m in channel.history() if m.author.id == env.bot.user.id]
    assert len(answer.content) == 2000
    assert answer.components != []


@pytest.mark.parametrize("syllable", ["一", "あ", "ก"])
async def test_a_long_reply_in_a_script_without_spaces_streams_like_any_other(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine, make_bot: MakeBot, syllable: str
) -> None:
    await env.restart_bot(make_bot(edit_seconds=60.0))
    engine.says(*syllable * 4000)
    await alice.send(channel, f"{at_bot} tell me everything")
    said = [message.content for message in channel.history() if message.author.id == env.bot.user.id]
    assert "".join(said) == syllable * 4000
