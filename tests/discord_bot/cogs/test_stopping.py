"""⏹ while a reply grows, and the graceful stop of the bot."""

from typing import Any

import discord
import pytest
import simcord

from bot.store import Store
from tests.discord_bot.conftest import MakeBot, handled
from tests.discord_bot.talk import answers, buttons, contents, whispered
from tests.fakes import ScriptedEngine


@pytest.fixture
async def growing(env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine) -> discord.Message:
    """A reply to alice that has begun."""
    engine.holds()
    await alice.send(channel, f"{at_bot} tell me a story")
    engine.generations[-1].say("Once upon a time there was ")
    await env.settle()
    [message] = answers(env, channel)
    assert buttons(message) == ["troupe:stop"]
    return message


async def test_the_asker_stops_a_reply_and_keeps_what_was_said(
    env: simcord.Env, channel: Any, alice: Any, growing: discord.Message, engine: ScriptedEngine, store: Store
) -> None:
    await alice.click(growing, custom_id="troupe:stop")
    await env.settle()
    assert engine.generations[-1].cancelled
    [answer] = answers(env, channel)
    assert answer.content == "Once upon a time there was"
    stored = await store.reply_of_message(answer.id)
    assert stored is not None
    assert (stored.record.text, stored.record.finish_reason) == ("Once upon a time there was ", "cancelled")
    assert f"troupe:again:{stored.id}" in buttons(answer)


async def test_others_need_manage_messages_to_stop_it(
    env: simcord.Env, guild: Any, channel: Any, bob: Any, growing: discord.Message, engine: ScriptedEngine
) -> None:
    result = await bob.click(growing, custom_id="troupe:stop")
    assert "Manage Messages" in whispered(result)
    assert not engine.generations[-1].cancelled
    role = guild.create_role("Moderators", permissions=discord.Permissions(manage_messages=True))
    moderator = guild.add_member(env.create_user("mod"), roles=[role])
    await moderator.click(growing, custom_id="troupe:stop")
    await env.settle()
    assert engine.generations[-1].cancelled


async def test_stop_before_the_first_word_is_not_silence(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine, store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    engine.holds()
    submit = engine.submit

    def submit_second(request: Any) -> Any:
        generation = submit(request)
        generation.position = 1
        return generation

    monkeypatch.setattr(engine, "submit", submit_second)
    await alice.send(channel, f"{at_bot} hello")
    [waiting] = answers(env, channel)
    assert waiting.content == "-# 1 reply is ahead of yours …"
    await alice.click(waiting, custom_id="troupe:stop")
    await env.settle()
    [answer] = answers(env, channel)
    assert answer.content == "-# (stopped)"
    assert buttons(answer) == []
    assert await store.reply_of_message(answer.id) is None


async def test_only_the_message_that_grows_has_the_stop_button(
    env: simcord.Env, channel: Any, growing: discord.Message, engine: ScriptedEngine
) -> None:
    engine.generations[-1].say("word " * 500)
    await env.settle()
    assert [buttons(message) for message in answers(env, channel)] == [[], ["troupe:stop"]]
    engine.generations[-1].end()
    await env.settle()
    assert "troupe:stop" not in [custom_id for message in answers(env, channel) for custom_id in buttons(message)]


async def test_stop_below_a_reply_that_a_crash_cut_off_says_so(
    env: simcord.Env, channel: Any, alice: Any, growing: discord.Message, make_bot: MakeBot
) -> None:
    await env.restart_bot(make_bot())
    await alice.click(growing, custom_id="troupe:stop")
    [answer] = answers(env, channel)
    assert answer.content == "Once upon a time there was\n-# (interrupted)"
    assert buttons(answer) == []


async def test_drain_lets_a_reply_end(
    env: simcord.Env, channel: Any, growing: discord.Message, engine: ScriptedEngine
) -> None:
    engine.generations[-1].say("a ship.")
    engine.generations[-1].end()
    await env.bot.drain(5.0)
    [answer] = answers(env, channel)
    assert answer.content == "Once upon a time there was a ship."
    assert not engine.generations[-1].cancelled


async def test_drain_marks_what_does_not_end_in_time_and_it_can_be_had_again_after_the_restart(
    env: simcord.Env, channel: Any, alice: Any, growing: discord.Message, engine: ScriptedEngine, store: Store,
    make_bot: MakeBot,
) -> None:  # fmt: skip
    await env.bot.drain(0.0)
    [answer] = answers(env, channel)
    assert answer.content == "Once upon a time there was\n-# (interrupted)"
    stored = await store.reply_of_message(answer.id)
    assert stored is not None
    assert stored.record.finish_reason == "interrupted"
    await env.restart_bot(make_bot())
    engine.says("Once upon a time there was a ship.")
    await alice.click(answer, custom_id=f"troupe:again:{stored.id}")
    cut_off, whole = answers(env, channel)
    assert buttons(cut_off) == []
    assert whole.content == "Once upon a time there was a ship."
    assert not any("keep" in custom_id for custom_id in buttons(whole)), "half an answer is nothing to compare with"
    assert await store.reply(stored.id) is None


async def test_drain_marks_also_what_has_not_begun(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine, store: Store
) -> None:
    engine.holds()
    await alice.send(channel, f"{at_bot} tell me a story")
    await env.bot.drain(0.0)
    [answer] = answers(env, channel)
    assert answer.content == "-# (interrupted)"
    stored = await store.reply_of_message(answer.id)
    assert stored is not None
    assert buttons(answer) == [f"troupe:again:{stored.id}"]


async def test_while_the_bot_stops_nothing_new_is_begun(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    await env.bot.drain(0.0)
    await alice.send(channel, f"{at_bot} hello")
    assert contents(env, channel) == ["I'm shutting down. Please try again in a minute."]
    result = await alice.slash(channel, "chat", message="hello")
    assert result.ephemeral
    assert handled(env) == ["EngineStopped"]
    assert engine.requests == []
