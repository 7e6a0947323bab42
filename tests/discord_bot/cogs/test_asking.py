"""/chat and /ask, channels that answer everything, the reply chain, and limits."""

from typing import Any

import pytest
import simcord

from bot.discord_bot.rate_limits import Rate
from bot.errors import QueueFull
from bot.store import Store
from tests.discord_bot.conftest import MakeBot, handled
from tests.discord_bot.talk import answers, buttons, contents, spoken_prompt
from tests.fakes import ScriptedEngine


async def test_chat_asks_the_channels_persona_and_shows_the_question(
    env: simcord.Env, guild: Any, channel: Any, alice: Any, engine: ScriptedEngine, store: Store
) -> None:
    await store.set_channel_persona(channel.id, guild.id, "pirate", alice.id)
    engine.says("Arr, ", "the sea.")
    result = await alice.slash(channel, "chat", message="what is blue?")
    assert not result.ephemeral
    [answer] = answers(env, channel)
    assert answer.content == "> what is blue?\nArr, the sea."
    stored = await store.reply_of_message(answer.id)
    assert stored is not None
    assert (stored.record.asked, stored.record.persona, stored.record.text) == (
        "what is blue?", "pirate", "Arr, the sea.",
    )  # fmt: skip
    assert f"troupe:up:{stored.id}" in buttons(answer)
    await alice.click(answer, custom_id=f"troupe:up:{stored.id}")
    assert (await store.votes(stored.id)).up == 1


async def test_ask_lets_another_persona_answer_once(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    engine.says("Arr.")
    await alice.slash(channel, "ask", persona="Pirate", message="who are you?")
    assert contents(env, channel) == ["> who are you?\n🎭 **Captain Saltbeard**\nArr."]
    assert "You are Captain Saltbeard." in spoken_prompt(engine)
    await alice.send(channel, f"{at_bot} and you?")
    assert "You are Plain." in spoken_prompt(engine)


async def test_the_personas_of_ask_complete(channel: Any, alice: Any) -> None:
    found = await alice.autocomplete(channel, "ask", "persona", "salt")
    assert [choice["value"] for choice in found] == ["pirate"]


async def test_a_long_answer_to_a_command_goes_on_in_further_messages(
    env: simcord.Env, channel: Any, alice: Any, engine: ScriptedEngine, store: Store
) -> None:
    engine.says("word " * 700)
    await alice.slash(channel, "chat", message="go on")
    one, two = answers(env, channel)
    assert (buttons(one), len(buttons(two))) == ([], 4)
    stored = await store.reply_of_message(one.id)
    assert stored is not None
    assert stored.message_ids == (one.id, two.id)


@pytest.mark.parametrize(
    ("command", "options", "sentence"),
    [
        ("chat", {"message": "   "}, "Write a few words"),
        ("ask", {"persona": "napoleon", "message": "hello"}, "There is no persona called “napoleon”"),
    ],
)
async def test_what_cannot_be_asked_is_a_private_sentence(
    env: simcord.Env, channel: Any, alice: Any, engine: ScriptedEngine, command: str, options: dict[str, str],
    sentence: str,
) -> None:  # fmt: skip
    result = await alice.slash(channel, command, **options)
    assert result.ephemeral
    assert sentence in result.response.content
    assert len(handled(env)) == 1
    assert engine.requests == []


async def test_a_refusal_after_the_command_was_taken_is_a_sentence(
    env: simcord.Env, channel: Any, alice: Any, engine: ScriptedEngine
) -> None:
    engine.raises(QueueFull(64))
    result = await alice.slash(channel, "chat", message="hello")
    shown = [result.response, *result.followups]
    assert any("I'm busy" in message.content for message in shown if message)
    assert handled(env) == ["QueueFull"]


async def test_nothing_in_a_quoted_question_pings_or_invites(env: simcord.Env, channel: Any, alice: Any) -> None:
    await alice.slash(channel, "chat", message="@everyone join discord.gg/abc\n```\nnow")
    [answer] = answers(env, channel)
    assert answer.content == "> @\u200beveryone join discord\u200b.gg/abc\n> \n> now\nAye."


async def test_who_replies_to_a_personas_words_speaks_with_that_persona(
    env: simcord.Env, channel: Any, alice: Any, engine: ScriptedEngine
) -> None:
    await alice.slash(channel, "ask", persona="pirate", message="who are you?")
    await alice.send(channel, "and your ship?", reply_to=answers(env, channel)[0])
    assert "You are Captain Saltbeard." in spoken_prompt(engine)
    assert "who are you?" in spoken_prompt(engine)


async def test_a_reply_to_an_older_answer_branches_off_there(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine, store: Store
) -> None:
    for number, text in enumerate(("first", "second")):
        engine.says(f"Answer {number}.")
        await alice.send(channel, f"{at_bot} {text}")
    engine.says("Branch.")
    await alice.send(channel, "back to that", reply_to=answers(env, channel)[0])
    assert "first" in spoken_prompt(engine)
    assert "second" not in spoken_prompt(engine)
    await alice.send(channel, "go on there", reply_to=answers(env, channel)[2])
    prompt = spoken_prompt(engine)
    assert prompt.endswith(
        "<user>first</user><assistant>Answer 0.</assistant><user>back to that</user><assistant>Branch.</assistant>"
        "<user>go on there</user><assistant>"
    )


async def test_speakers_have_names_where_there_are_several(
    env: simcord.Env, channel: Any, alice: Any, bob: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    await alice.send(channel, f"{at_bot} I like tea")
    assert "<user>I like tea</user>" in spoken_prompt(engine)
    await bob.send(channel, f"{at_bot} what does she like?")
    assert "<user>alice: I like tea</user>" in spoken_prompt(engine)
    assert "<user>bob: what does she like?</user>" in spoken_prompt(engine)


async def test_a_channel_that_answers_everything_answers_what_is_said_to_all(
    env: simcord.Env, guild: Any, channel: Any, alice: Any, bob: Any, engine: ScriptedEngine, store: Store,
    make_bot: MakeBot,
) -> None:  # fmt: skip
    await env.restart_bot(make_bot(message_content=True))
    await alice.send(channel, "anyone here?")
    assert engine.requests == []
    await store.set_channel_persona(channel.id, guild.id, "pirate", alice.id, auto_reply=True)
    said = await alice.send(channel, "anyone here?")
    assert contents(env, channel) == ["Aye."]
    await bob.send(channel, f"{alice.mention} not the bot, you")
    await bob.send(channel, "yes, me", reply_to=said)
    other_bot = guild.add_member(env.create_user("other", bot=True))
    await other_bot.send(channel, "beep")
    assert contents(env, channel) == ["Aye."]


async def test_without_the_intent_a_channel_does_not_answer_everything(
    env: simcord.Env, guild: Any, channel: Any, alice: Any, engine: ScriptedEngine, store: Store
) -> None:
    await store.set_channel_persona(channel.id, guild.id, "pirate", alice.id, auto_reply=True)
    await alice.send(channel, "anyone here?")
    assert engine.requests == []


async def test_a_member_who_writes_too_fast_is_told_once(
    env: simcord.Env, channel: Any, alice: Any, bob: Any, at_bot: str, make_bot: MakeBot
) -> None:
    await env.restart_bot(make_bot(member_rate=Rate(1.0, 1)))
    for _ in range(3):
        await alice.send(channel, f"{at_bot} hello")
    await bob.send(channel, f"{at_bot} hello")
    first, notice, other = contents(env, channel)
    assert (first, other) == ("Aye.", "Aye.")
    assert notice.startswith("Please try again in ")


async def test_a_very_long_answer_becomes_a_file_with_its_beginning_in_the_channel(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine, store: Store
) -> None:
    engine.holds()
    await alice.send(channel, f"{at_bot} write a book")
    book = "".join(f"Chapter {number}. @everyone " + "word " * 300 for number in range(8))
    for start in range(0, len(book), 900):
        engine.generations[-1].say(book[start : start + 900])
        await env.settle()
    assert len(answers(env, channel)) == 4
    engine.generations[-1].end()
    await env.settle()
    [answer] = answers(env, channel)
    assert answer.content.startswith("Chapter 0. @\u200beveryone word word")
    assert answer.content.endswith("…\n-# The whole answer is in the file.")
    assert len(answer.content) < 800
    [file] = answer.attachments
    assert file.filename == "answer.md"
    stored = await store.reply_of_message(answer.id)
    assert stored is not None
    assert (stored.record.text, stored.message_ids) == (book, (answer.id,))
    assert len(buttons(answer)) == 4


async def test_a_command_whose_answer_takes_too_long_for_discord_ends_in_plain_messages(
    env: simcord.Env, channel: Any, alice: Any, engine: ScriptedEngine
) -> None:
    engine.holds()
    await alice.slash(channel, "chat", message="go on")
    engine.generations[-1].say("word " * 30)
    await env.settle()
    env.inject_error("PATCH", "/webhooks/*", status=401, code=50027, times=None)
    env.inject_error("POST", "/webhooks/*", status=401, code=50027, times=None)
    engine.generations[-1].say("more " * 500)
    engine.generations[-1].end()
    await env.settle()
    one, two = answers(env, channel)
    assert "more more" in one.content
    assert (two.content[-4:], len(buttons(two))) == ("more", 4)


async def test_a_command_can_be_stopped(env: simcord.Env, channel: Any, alice: Any, engine: ScriptedEngine) -> None:
    engine.holds()
    await alice.slash(channel, "chat", message="go on")
    engine.generations[-1].say("Once upon a time there was ")
    await env.settle()
    [growing] = answers(env, channel)
    await alice.click(growing, custom_id="troupe:stop")
    await env.settle()
    assert contents(env, channel) == ["> go on\nOnce upon a time there was"]


async def test_no_request_on_any_path_can_ping(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine, store: Store
) -> None:
    engine.default = f"@everyone {alice.mention} " + "word " * 500
    await alice.send(channel, f"{at_bot} @everyone")
    await alice.slash(channel, "chat", message="@everyone")
    await alice.slash(channel, "ask", persona="pirate", message="@here")
    await alice.slash(channel, "scene", persona_a="pirate", persona_b="plain", topic="@everyone", turns=2)
    await alice.slash(channel, "persona switch", name="@everyone")
    handled(env)
    first = await store.reply_of_message(answers(env, channel)[0].id)
    assert first is not None
    await alice.click(answers(env, channel)[1], custom_id=f"troupe:again:{first.id}")
    said = 0
    for request in env.http_requests:
        body = request.json or {}
        body = body.get("data", body) if request.path.startswith("/interactions") else body
        if isinstance(body, dict) and body.get("content"):
            said += 1
            assert body["allowed_mentions"]["parse"] == [], request
            assert not body["allowed_mentions"].get("users")
            assert not body["allowed_mentions"].get("replied_user")
    assert said > 10
    assert all(not message.mentions for message in answers(env, channel))


async def test_chat_opens_a_thread_in_which_everything_is_answered(env, guild, channel, alice, engine, make_bot, store):
    await env.restart_bot(make_bot(message_content=True))
    await store.set_channel_persona(channel.id, guild.id, "pirate", alice.id)
    result = await alice.slash(channel, "chat", message="when do I plant leeks?", thread=True)
    [thread] = channel.threads
    assert (result.response.content, thread.name) == ("> when do I plant leeks?", "when do I plant leeks?")
    await alice.send(thread, "and garlic?")
    assert [answer.content for answer in answers(env, thread)] == ["Aye.", "Aye."]
    assert "You are Captain Saltbeard." in spoken_prompt(engine)
    assert "when do I plant leeks?</user><assistant>Aye.</assistant><user>and garlic?" in spoken_prompt(engine)


async def test_where_no_thread_can_be_opened_the_member_is_told(env, channel, alice, engine):
    await alice.slash(channel, "chat", message="when do I plant leeks?", thread=True)
    [thread] = channel.threads
    result = await alice.slash(thread, "chat", message="and garlic?", thread=True)
    assert "only in a server's text channel" in result.response.content
    assert handled(env) == ["MemberError"]
    assert len(engine.requests) == 1
