from typing import Any

import discord
import pytest
import simcord
from simcord.backend.models.message import AllowedMentions

from bot.errors import EngineStopped, GenerationFailed, QueueFull
from bot.store import Store
from tests.discord_bot.conftest import handled
from tests.discord_bot.talk import answers, as_bot, buttons, spoken_prompt
from tests.fakes import ScriptedEngine


async def test_a_mention_is_answered_as_a_reply_with_buttons(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine, store: Store
) -> None:
    engine.says("The sky ", "is blue ", "because of scattering.")
    asked = await alice.send(channel, f"{at_bot} why is the sky blue?")
    [answer] = answers(env, channel)
    assert answer.content == "The sky is blue because of scattering."
    assert answer.reference is not None
    assert answer.reference.message_id == asked.id
    stored = await store.reply_of_message(answer.id)
    assert stored is not None
    assert stored.record.asked == "why is the sky blue?"
    assert stored.record.asker_id == alice.id
    assert buttons(answer) == [
        f"troupe:up:{stored.id}", f"troupe:down:{stored.id}", f"troupe:again:{stored.id}",
        f"troupe:correct:{stored.id}",
    ]  # fmt: skip


async def test_typing_shows_before_the_answer(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    engine.holds()
    await alice.send(channel, f"{at_bot} hello?")
    paths = [request.path for request in env.http_requests]
    assert f"/channels/{channel.id}/typing" in paths
    assert f"/channels/{channel.id}/messages" not in paths
    engine.generations[-1].end()
    await env.settle()


async def test_a_reply_to_the_bot_is_answered_without_a_mention(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    await alice.send(channel, f"{at_bot} hello")
    engine.says("And again.")
    await alice.send(channel, "and now?", reply_to=answers(env, channel)[0])
    assert [answer.content for answer in answers(env, channel)] == ["Aye.", "And again."]
    assert "and now?" in spoken_prompt(engine)


async def test_a_direct_message_is_answered(env: simcord.Env, engine: ScriptedEngine) -> None:
    carol = env.create_user("carol")
    engine.says("Hello, Carol.")
    await carol.send_dm("hello")
    assert carol.dm_channel.last_message.content == "Hello, Carol."


async def test_what_is_not_meant_for_the_bot_is_left_alone(
    env: simcord.Env, guild: Any, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    other_bot = guild.add_member(env.create_user("other", bot=True))
    webhook = guild.create_webhook(channel)
    greeting = await alice.send(channel, "good morning all")
    await alice.send(channel, "still talking to myself", reply_to=greeting)
    await alice.send(channel, "@everyone look")
    await other_bot.send(channel, f"{at_bot} hello, colleague")
    await webhook.send(f"{at_bot} build passed")
    assert engine.requests == []
    assert answers(env, channel) == []


async def test_the_model_reads_names_instead_of_ids_and_not_its_own_mention(
    channel: Any, alice: Any, bob: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    await alice.send(channel, f"{at_bot} say hi to {bob.mention} in {channel.mention} <:wave:123456789012345678>")
    assert "<user>say hi to @bob in #general :wave:</user>" in spoken_prompt(engine)


async def test_a_bare_mention_gets_the_greeting_and_without_one_a_sentence(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, store: Store
) -> None:
    await alice.send(channel, at_bot)
    assert answers(env, channel)[-1].content.startswith("Write a few words")
    await store.set_channel_persona(channel.id, None, "pirate", alice.id)
    await alice.send(channel, f" {at_bot}  ")
    assert answers(env, channel)[-1].content == "🎭 Ahoy, mateys!"


async def test_an_attachment_alone_gets_a_sentence(env: simcord.Env, alice: Any, channel: Any, at_bot: str) -> None:
    await alice.send(channel, at_bot, attachments=[("cat.png", b"png")])
    assert answers(env, channel)[-1].content.endswith("I can only read text.")


async def test_a_mention_of_its_role_says_what_the_bot_can_read(
    env: simcord.Env, guild: Any, channel: Any, alice: Any, engine: ScriptedEngine
) -> None:
    role = guild.create_role("Troupe", mentionable=True)
    tagged = {"id": str(role.id), "name": "Troupe", "permissions": "0", "position": 1, "color": 0, "colors": {}}
    env.backend.emit(
        "GUILD_ROLE_UPDATE", {"guild_id": str(guild.id), "role": {**tagged, "tags": {"bot_id": str(env.bot.user.id)}}}
    )
    await alice.send(channel, f"{role.mention} hello")
    assert "only messages that mention me" in answers(env, channel)[-1].content


async def test_a_reply_without_the_ping_says_what_the_bot_can_read(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    await alice.send(channel, f"{at_bot} hello")
    answered = {"channel_id": str(channel.id), "message_id": str(answers(env, channel)[0].id)}
    silent = AllowedMentions(replied_user=False)
    env.backend.create_message(channel.id, alice.id, "and now?", reference=answered, allowed_mentions=silent)
    await env.settle()
    assert "only messages that mention me" in answers(env, channel)[-1].content
    assert len(engine.requests) == 1


async def test_threads_inherit_the_persona_of_their_channel(
    env: simcord.Env, guild: Any, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine, store: Store
) -> None:
    await store.set_channel_persona(channel.id, guild.id, "pirate", alice.id)
    await alice.send(channel, f"{at_bot} hello")
    started = env.bot.get_channel(channel.id).get_partial_message(answers(env, channel)[0].id)
    with as_bot(env):
        await started.create_thread(name="a thread")
    await env.settle()
    [thread] = channel.threads
    await alice.send(thread, f"{at_bot} and here?")
    assert "You are Captain Saltbeard." in spoken_prompt(engine)
    await store.set_channel_persona(thread.id, guild.id, "sarcastic", alice.id)
    await alice.send(thread, f"{at_bot} and now?")
    assert "You are The Critic." in spoken_prompt(engine)


async def test_the_reply_grows_by_edits_of_one_message(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    engine.holds()
    await alice.send(channel, f"{at_bot} tell me a story")
    story = engine.generations[-1]
    seen = []
    for piece in ("Once. ", "Upon a time ", "there was a ship", "."):
        story.say(piece)
        await env.settle()
        seen.append([answer.content for answer in answers(env, channel)])
    assert seen == [
        ["Once."],
        ["Once. Upon a time"],
        ["Once. Upon a time there was a ship"],
        ["Once. Upon a time there was a ship."],
    ]
    assert buttons(answers(env, channel)[0]) == ["troupe:stop"]
    story.end()
    await env.settle()
    assert "troupe:stop" not in buttons(answers(env, channel)[0])


async def test_edits_keep_their_distance(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine, make_bot: Any
) -> None:
    await env.restart_bot(make_bot(edit_seconds=1000.0))
    engine.says("The first words. ", *["and more "] * 30, "end")
    await alice.send(channel, f"{at_bot} go on")
    [answer] = answers(env, channel)
    edits = [r for r in env.http_requests if r.method == "PATCH" and str(answer.id) in r.path]
    assert len(edits) == 1
    assert answer.content.endswith("and more end")


async def test_a_long_answer_goes_on_in_further_messages_with_code_blocks_whole(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine, store: Store
) -> None:
    lines = "".join(f"print({number})  # a line of code\n" for number in range(100))
    engine.says("Here you are:\n```python\n", *lines.splitlines(keepends=True), "```\nDone.")
    await alice.send(channel, f"{at_bot} write code")
    shown = answers(env, channel)
    assert len(shown) == 2
    for message in shown:
        assert len(message.content) <= 2000
        assert message.content.count("```") == 2
        assert "```python\n" in message.content
    assert shown[0].components == []
    assert shown[1].components != []
    stored = await store.reply_of_message(shown[0].id)
    assert stored is not None
    assert stored.message_ids == tuple(message.id for message in shown)


async def test_nothing_the_model_says_can_ping(
    env: simcord.Env, channel: Any, alice: Any, bob: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    role = alice.guild.default_role
    engine.says("Hey @everyone, ", f"@here {bob.mention} <@!{bob.id}> <@&{role.id}>!")
    await alice.send(channel, f"{at_bot} ping them all")
    [answer] = answers(env, channel)
    assert answer.content == (
        f"Hey @\u200beveryone, @\u200bhere <@\u200b{bob.id}> <@\u200b!{bob.id}> <@\u200b&{role.id}>!"
    )
    assert answer.mentions == []
    for request in env.http_requests:
        if "content" in (body := request.json or {}) and "/messages" in request.path:
            assert body["allowed_mentions"] == {"parse": []} or body["allowed_mentions"]["parse"] == []
            assert not body["allowed_mentions"].get("replied_user")


async def test_a_failure_of_the_engine_is_a_sentence(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    engine.holds()
    await alice.send(channel, f"{at_bot} hello")
    engine.generations[-1].fail(GenerationFailed("a step failed"))
    await env.settle()
    assert answers(env, channel)[-1].content == "Something went wrong while I was answering. Please try again."


async def test_a_failure_midway_leaves_the_text_with_the_sentence_below(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine, store: Store
) -> None:
    engine.holds()
    await alice.send(channel, f"{at_bot} hello")
    engine.generations[-1].say("Once upon a time there was ")
    await env.settle()
    engine.generations[-1].fail(EngineStopped())
    await env.settle()
    [answer] = answers(env, channel)
    assert answer.content == ("Once upon a time there was\n-# I'm shutting down. Please try again in a minute.")
    assert await store.reply_of_message(answer.id) is None


async def test_a_full_queue_is_a_sentence(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    engine.raises(QueueFull(64))
    await alice.send(channel, f"{at_bot} hello")
    assert answers(env, channel)[-1].content == (
        "Please try again in a moment. I'm busy: 64 messages are waiting already."
    )


async def test_a_member_who_waits_sees_how_many_are_ahead_and_about_how_long_it_takes(
    env: simcord.Env,
    channel: Any,
    alice: Any,
    at_bot: str,
    engine: ScriptedEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine.holds()
    submit = engine.submit

    def submit_third(request: Any) -> Any:
        generation = submit(request)
        generation.position, generation.wait_s = 2, 41.0
        return generation

    monkeypatch.setattr(engine, "submit", submit_third)
    await alice.send(channel, f"{at_bot} hello")
    assert answers(env, channel)[-1].content == "-# 2 replies are ahead of yours, about 40 s …"
    engine.generations[-1].say("Your turn.")
    engine.generations[-1].end()
    await env.settle()
    assert [answer.content for answer in answers(env, channel)] == ["Your turn."]


async def test_a_bug_is_a_sentence_with_an_id(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine, caplog: pytest.LogCaptureFixture
) -> None:
    engine.raises(ZeroDivisionError("surprise"))
    await alice.send(channel, f"{at_bot} secret words")
    content = answers(env, channel)[-1].content
    assert content.startswith("Something broke on my side (error ")
    number = content.split("(error ")[1][:6]
    assert number in caplog.text
    assert "ZeroDivisionError" in caplog.text
    assert "secret words" not in caplog.text


async def test_an_empty_answer_is_not_silence(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    engine.says("  \n ")
    await alice.send(channel, f"{at_bot} hello")
    assert answers(env, channel)[-1].content == "Something went wrong while I was answering. Please try again."


async def test_deleting_the_reply_while_it_grows_cancels_it(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    engine.holds()
    await alice.send(channel, f"{at_bot} tell me a story")
    story = engine.generations[-1]
    story.say("Once upon a time there was ")
    await env.settle()
    env.backend.delete_message(channel.id, answers(env, channel)[0].id)
    story.say("a ship.")
    await env.settle()
    assert story.cancelled
    assert answers(env, channel) == []


async def test_deleting_the_question_first_does_not_stop_the_answer(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    engine.holds()
    asked = await alice.send(channel, f"{at_bot} tell me a story")
    await alice.delete(asked)
    engine.generations[-1].say("Once.")
    engine.generations[-1].end()
    await env.settle()
    assert [answer.content for answer in answers(env, channel)] == ["Once."]


async def test_without_permission_to_write_the_member_is_told_privately(
    env: simcord.Env, guild: Any, channel: Any, alice: Any, at_bot: str
) -> None:
    env.inject_error("POST", f"/channels/{channel.id}/messages", status=403, code=50013, times=None)
    await alice.send(channel, f"{at_bot} hello")
    assert "I can't write in" in alice.user.dm_channel.last_message.content


async def test_without_read_message_history_it_answers_without_a_reference(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str
) -> None:
    env.inject_error("POST", f"/channels/{channel.id}/messages", status=403, code=160002, times=1)
    await alice.send(channel, f"{at_bot} hello")
    [answer] = answers(env, channel)
    assert answer.content == "Aye."
    assert answer.reference is None


async def test_a_failed_edit_on_the_way_loses_nothing(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    engine.holds()
    await alice.send(channel, f"{at_bot} hello")
    story = engine.generations[-1]
    story.say("Once upon a time there was ")
    await env.settle()
    env.inject_error("PATCH", f"/channels/{channel.id}/messages/*", status=500, times=1)
    story.say("a ship ")
    await env.settle()
    story.say("at sea.")
    story.end()
    await env.settle()
    assert answers(env, channel)[0].content == "Once upon a time there was a ship at sea."


async def test_a_message_delivered_twice_is_answered_once(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    asked = await alice.send(channel, f"{at_bot} hello")
    env.bot.dispatch("message", asked)
    await env.settle()
    assert len(engine.requests) == 1


async def test_the_conversation_goes_on_and_a_moderators_forget_ends_it(
    env: simcord.Env, guild: Any, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    await alice.send(channel, f"{at_bot} my name is Alice")
    await alice.send(channel, f"{at_bot} what is my name?")
    assert "my name is Alice" in spoken_prompt(engine)
    assert "Manage Messages" in (await alice.slash(channel, "forget")).response.content
    role = guild.create_role("Moderators", permissions=discord.Permissions(manage_messages=True))
    moderator = guild.add_member(env.create_user("mod"), roles=[role])
    result = await moderator.slash(channel, "forget")
    assert result.response.content.startswith("I've forgotten")
    assert handled(env) == ["NotAllowed"]
    await alice.send(channel, f"{at_bot} and now?")
    assert "my name is Alice" not in spoken_prompt(engine)


async def test_drain_waits_for_replies_under_way(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    engine.holds()
    await alice.send(channel, f"{at_bot} tell me a story")
    engine.generations[-1].say("Once upon a time there was ")
    await engine.stop()
    await env.bot.drain(5.0)
    assert "shutting down" in answers(env, channel)[0].content
