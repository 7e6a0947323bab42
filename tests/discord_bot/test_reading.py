"""What a message says beyond its words is read into the prompt, or named as not read; nobody's words change hands."""

from typing import Any

import pytest
import simcord
from simcord.backend.models.message import Poll, PollAnswer

from bot.discord_bot.client import TroupeBot
from bot.discord_bot.reading import MOST_BYTES, decoded
from bot.store import Store
from tests.discord_bot.talk import answers, contents, spoken_prompt
from tests.fakes import ScriptedEngine

FORWARD = 1


@pytest.fixture
def simcord_bot(make_bot) -> TroupeBot:
    """With the intent: without it Discord shows the bot no words but those that mention it."""
    return make_bot(message_content=True)


def forward(env: simcord.Env, to: Any, who: Any, message: Any) -> None:
    reference = {"type": FORWARD, "channel_id": str(message.channel.id), "message_id": str(message.id)}
    env.backend.create_message(to.id, who.id, reference=reference)


async def test_a_text_file_beside_words_is_read(env, channel, alice, at_bot, engine, store):
    await alice.send(channel, f"{at_bot} summarise this", attachments=[("leeks.txt", b"Leeks are planted in spring.")])
    assert "summarise this\n\nleeks.txt:\nLeeks are planted in spring.</user>" in spoken_prompt(engine)
    stored = await store.reply_of_message(answers(env, channel)[0].id)
    assert stored.record.asked == "summarise this\n\nleeks.txt:\nLeeks are planted in spring."


async def test_a_long_text_that_discord_made_a_file_of_is_what_was_asked(env, channel, alice, at_bot, engine):
    await alice.send(channel, at_bot, attachments=[("message.txt", "Wann pflanzt man Lauch? Märzwärme?".encode())])
    assert "Märzwärme?" in spoken_prompt(engine)
    assert contents(env, channel) == ["Aye."]


async def test_what_is_no_text_is_named_above_the_answer(env, channel, alice, at_bot, engine):
    files = [("cat.png", b"png"), ("data.txt", b"\x00\x01\x02"), ("long.txt", b"a" * (MOST_BYTES + 1))]
    await alice.send(channel, f"{at_bot} what is this?", attachments=files)
    assert contents(env, channel) == ["-# I can't read cat.png, data.txt, long.txt: I only read text.\nAye."]
    assert "<user>what is this?</user>" in spoken_prompt(engine)


async def test_what_is_too_long_is_read_in_part_and_says_so(env, channel, alice, at_bot, engine):
    await alice.send(channel, f"{at_bot} summarise", attachments=[("long.txt", b"leek " * 10_000)])
    assert contents(env, channel) == ["-# That was more than I can read at once. I read its beginning.\nAye."]
    assert len(engine.requests[-1].prompt_ids) < engine.context_tokens


async def test_a_picture_alone_is_no_question(env, channel, alice, at_bot, engine):
    await alice.send(channel, at_bot, attachments=[("cat.png", b"png")])
    assert "I can only read text" in contents(env, channel)[0]
    assert engine.requests == []


async def test_words_quoted_from_another_member_are_read_as_theirs(env, channel, alice, bob, at_bot, engine, store):
    said = await bob.send(channel, "Leeks are planted in autumn.")
    await alice.send(channel, f"{at_bot} is that true?", reply_to=said)
    assert "<user>bob: Leeks are planted in autumn.\nalice: is that true?</user>" in spoken_prompt(engine)
    stored = await store.reply_of_message(answers(env, channel)[0].id)
    assert [(m.author_id, m.message_id) for m in stored.record.messages[1:]] == [(bob.id, said.id), (alice.id, None)]
    assert stored.record.asked == "is that true?"


async def test_a_quoted_message_that_discord_hides_is_named_as_not_read(
    env, channel, alice, bob, at_bot, engine, make_bot
):
    await env.restart_bot(make_bot())
    said = await bob.send(channel, "Leeks are planted in autumn.")
    await alice.send(channel, f"{at_bot} is that true?", reply_to=said)
    assert contents(env, channel) == ["-# I can't read the message that you replied to.\nAye."]


async def test_a_bare_mention_below_a_message_is_about_that_message(env, channel, alice, bob, at_bot, engine):
    said = await bob.send(channel, "Leeks are planted in autumn.")
    await alice.send(channel, at_bot, reply_to=said)
    assert "bob: Leeks are planted in autumn." in spoken_prompt(engine)


async def test_a_quoted_member_who_deletes_the_message_or_everything_is_not_quoted_any_more(
    env, channel, alice, bob, at_bot, store: Store
):
    said = await bob.send(channel, "Leeks are planted in autumn.")
    await alice.send(channel, f"{at_bot} is that true?", reply_to=said)
    reply_id = (await store.reply_of_message(answers(env, channel)[0].id)).id
    await bob.delete(said)
    stored = await store.reply(reply_id)
    assert "autumn" not in str(stored.record.messages)
    await store.delete_member(bob.id)
    assert await store.reply(reply_id) is None


async def test_a_forwarded_message_is_read_as_nobodys_words(env, channel, alice, bob, engine: ScriptedEngine, store):
    said = await bob.send(channel, "Leeks are planted in autumn.")
    await alice.send_dm("hi")
    forward(env, alice.user.dm_channel, alice, said)
    await env.settle()
    assert "Forwarded message: Leeks are planted in autumn." in spoken_prompt(engine)
    stored = await store.reply_of_message(answers(env, alice.user.dm_channel)[-1].id)
    quotes = [message for message in stored.record.messages if "autumn" in message.content]
    assert [(quote.author_id, quote.message_id) for quote in quotes] == [(None, said.id)]


async def test_an_edited_question_keeps_its_file(env, channel, alice, at_bot, store):
    asked = await alice.send(channel, f"{at_bot} summarise", attachments=[("leeks.txt", b"Leeks in spring.")])
    await alice.edit(asked, f"{at_bot} translate")
    stored = await store.reply_of_message(answers(env, channel)[0].id)
    assert stored.record.asked == "translate\n\nleeks.txt:\nLeeks in spring."


@pytest.mark.parametrize(
    ("content", "kind", "text"),
    [
        ("Lauch, Märzwärme".encode(), "", "Lauch, Märzwärme"),
        ("\ufeffLauch".encode(), "", "Lauch"),
        ("Lauch".encode("utf-16"), "", "Lauch"),
        ("Märzwärme".encode("cp1252"), "text/plain; charset=windows-1252", "Märzwärme"),
        ("Märzwärme".encode("cp1252"), "text/plain", None),
        (b"abc", "text/plain; charset=rot13", "abc"),
        (b"\xff\xfe\x00", "text/plain; charset=zlib", None),
        (b"GIF89a\x00\x01", "text/plain", None),
    ],
)
def test_a_file_is_text_or_not_read(content, kind, text):
    assert decoded(content, kind) == text


async def test_what_discord_writes_with_ids_is_read_as_words(env, channel, alice, at_bot, engine):
    await alice.send(channel, f"{at_bot} at <t:1700000000:F> use </chat:123456789012345678> with <@999999999999999998>")
    assert "at 2023-11-14 22:13 UTC use /chat with @someone</user>" in spoken_prompt(engine)


async def test_a_poll_alone_is_a_question(env, alice, engine, store):
    await alice.send_dm("hi")
    dm = alice.user.dm_channel
    poll = Poll("Leeks or garlic?", [PollAnswer(1, "Leeks"), PollAnswer(2, "Garlic")], "2030-01-01T00:00:00+00:00")
    env.backend.create_message(dm.id, alice.id, poll=poll)
    await env.settle()
    assert spoken_prompt(engine).endswith("<user>Poll: Leeks or garlic?\n- Leeks\n- Garlic</user><assistant>")
    stored = await store.reply_of_message(answers(env, dm)[-1].id)
    assert stored.record.asked == "Poll: Leeks or garlic?\n- Leeks\n- Garlic"


async def test_the_words_of_an_embed_alone_are_read_as_nobodys(env, alice, engine):
    await alice.send_dm("hi")
    embed = {"type": "rich", "title": "Leeks", "description": "Plant them in spring."}
    env.backend.create_message(alice.user.dm_channel.id, alice.id, embeds=[embed])
    await env.settle()
    assert "Link preview: Leeks\nPlant them in spring." in spoken_prompt(engine)
