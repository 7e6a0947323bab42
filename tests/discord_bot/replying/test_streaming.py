"""Edge cases of the edit loop that need exact lengths."""

from typing import Any

import simcord

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
