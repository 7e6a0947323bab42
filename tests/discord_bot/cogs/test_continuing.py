"""▶ below a reply that ended at its length limit: it goes on in the same messages and the same row."""

from typing import Any

import discord
import simcord

from bot.engine import FinishReason
from bot.errors import GenerationFailed
from bot.store import Store, StoredReply
from bot.store.records import MOST_CONTINUATIONS
from tests.discord_bot.talk import answers, buttons, contents, spoken_prompt
from tests.fakes import ScriptedEngine


async def speak(env: simcord.Env, engine: ScriptedEngine, text: str, reason: FinishReason) -> None:
    """The reply that is being written says `text` and ends."""
    engine.generations[-1].say(text)
    engine.generations[-1].end(reason)
    await env.settle()


async def cut_off(env: simcord.Env, channel: Any, member: Any, at_bot: str, engine: ScriptedEngine, text: str) -> None:
    engine.holds()
    await member.send(channel, f"{at_bot} when do I plant leeks?")
    await speak(env, engine, text, FinishReason.LENGTH)


async def press(env: simcord.Env, channel: Any, member: Any, message: discord.Message | None = None) -> Any:
    shown = message or answers(env, channel)[-1]
    [custom_id] = [found for found in buttons(shown) if ":continue:" in found]
    return await member.click(shown, custom_id=custom_id)


async def stored_as(env: simcord.Env, channel: Any, store: Store) -> StoredReply:
    stored = await store.reply_of_message(answers(env, channel)[0].id)
    assert stored is not None
    return stored


async def test_a_reply_at_its_limit_ends_on_a_sentence_and_goes_on_in_place(env, channel, alice, at_bot, engine, store):
    await cut_off(env, channel, alice, at_bot, engine, "In spring. Then you wat")
    assert contents(env, channel) == ["In spring."]
    first = await stored_as(env, channel, store)
    await store.cast_vote(first.id, alice.id, 1, "button")
    engine.holds()
    await press(env, channel, alice)
    assert spoken_prompt(engine).endswith("<assistant>In spring.")
    await speak(env, engine, " Water them well.", FinishReason.STOP)
    assert contents(env, channel) == ["In spring. Water them well."]
    stored = await stored_as(env, channel, store)
    assert (stored.id, stored.record.text) == (first.id, "In spring. Water them well.")
    assert (stored.record.finish_reason, (await store.votes(first.id)).up) == ("stop", 1)
    assert not any(":continue:" in found for found in buttons(answers(env, channel)[-1]))


async def test_it_is_offered_until_it_went_on_often_enough(env, channel, alice, at_bot, engine):
    await cut_off(env, channel, alice, at_bot, engine, "Aye. And")
    for _ in range(MOST_CONTINUATIONS):
        engine.holds()
        await press(env, channel, alice)
        await speak(env, engine, "Aye. And", FinishReason.LENGTH)
    assert contents(env, channel) == [" ".join(["Aye."] * (MOST_CONTINUATIONS + 1))]
    assert not any(":continue:" in found for found in buttons(answers(env, channel)[-1]))


async def test_only_who_asked_may_let_it_go_on(env, channel, alice, bob, at_bot, engine):
    await cut_off(env, channel, alice, at_bot, engine, "Aye. And")
    pressed = await press(env, channel, bob)
    assert "Only the member who asked" in pressed.followups[-1].content
    assert len(engine.requests) == 1


async def test_it_goes_on_after_a_restart(env, channel, alice, at_bot, engine, make_bot):
    await cut_off(env, channel, alice, at_bot, engine, "Aye. And")
    await env.restart_bot(make_bot())
    engine.says(" Garlic, too.")
    await press(env, channel, alice)
    await env.settle()
    assert contents(env, channel) == ["Aye. Garlic, too."]


async def test_below_a_command_the_question_stays_above_the_reply(env, channel, alice, engine):
    engine.holds()
    await alice.slash(channel, "chat", message="when do I plant leeks?")
    await speak(env, engine, "Aye. And", FinishReason.LENGTH)
    engine.says(" Garlic, too.")
    await press(env, channel, alice)
    await env.settle()
    assert contents(env, channel) == ["> when do I plant leeks?\nAye. Garlic, too."]


async def test_what_needs_more_room_goes_into_further_messages_of_the_same_reply(
    env, channel, alice, at_bot, engine, store
):
    await cut_off(env, channel, alice, at_bot, engine, "Leeks are good. " * 120 + "And")
    engine.says("\n\n" + "Garlic is good. " * 20)
    await press(env, channel, alice)
    await env.settle()
    shown = contents(env, channel)
    assert len(shown) == 2
    assert " ".join(" ".join(shown).split()) == ("Leeks are good. " * 120 + "Garlic is good. " * 20).strip()
    assert len((await stored_as(env, channel, store)).message_ids) == 2
    assert buttons(answers(env, channel)[0]) == []


async def test_a_failure_leaves_the_reply_as_it_was_and_is_told_privately(env, channel, alice, at_bot, engine, store):
    await cut_off(env, channel, alice, at_bot, engine, "Aye. And")
    engine.holds()
    pressed = await press(env, channel, alice)
    engine.generations[-1].say(" Garlic and some more words ")
    await env.settle()
    engine.generations[-1].fail(GenerationFailed("broken"))
    await env.settle()
    assert contents(env, channel) == ["Aye."]
    assert any(":continue:" in found for found in buttons(answers(env, channel)[-1]))
    assert "Something went wrong" in pressed.followups[-1].content
    assert (await stored_as(env, channel, store)).record.text == "Aye."


async def test_stopping_keeps_what_was_added(env, channel, alice, at_bot, engine, store):
    await cut_off(env, channel, alice, at_bot, engine, "Aye. And")
    engine.holds()
    await press(env, channel, alice)
    engine.generations[-1].say(" Garlic and some more words ")
    await env.settle()
    [stop] = buttons(answers(env, channel)[-1])
    await alice.click(answers(env, channel)[-1], custom_id=stop)
    await env.settle()
    stored = await stored_as(env, channel, store)
    assert contents(env, channel) == ["Aye. Garlic and some more words"]
    assert stored.record.finish_reason == "cancelled"


async def test_deleting_everything_meanwhile_leaves_nothing(env, channel, alice, at_bot, engine, store):
    await cut_off(env, channel, alice, at_bot, engine, "Aye. And")
    engine.holds()
    await press(env, channel, alice)
    await store.delete_member(alice.id)
    await speak(env, engine, " Garlic.", FinishReason.STOP)
    assert await store.reply_of_message(answers(env, channel)[0].id) is None


async def test_while_a_second_answer_is_written_the_first_does_not_go_on(env, channel, alice, at_bot, engine):
    await cut_off(env, channel, alice, at_bot, engine, "Aye. And")
    shown = answers(env, channel)[-1]
    engine.holds()
    await alice.click(shown, custom_id=next(found for found in buttons(shown) if ":again:" in found))
    pressed = await press(env, channel, alice, shown)
    assert "still being written" in pressed.followups[-1].content
    assert len(engine.requests) == 2


async def test_a_second_answer_at_its_limit_goes_on_too_and_can_be_kept(env, channel, alice, at_bot, engine):
    await cut_off(env, channel, alice, at_bot, engine, "Aye. And")
    shown = answers(env, channel)[-1]
    engine.holds()
    await alice.click(shown, custom_id=next(found for found in buttons(shown) if ":again:" in found))
    await speak(env, engine, "Nay. And", FinishReason.LENGTH)
    engine.says(" Never.")
    await press(env, channel, alice, answers(env, channel)[-1])
    await env.settle()
    assert contents(env, channel) == ["Aye.", "Nay. Never."]
    assert any(":keep:" in found for found in buttons(answers(env, channel)[-1]))


async def test_a_reply_that_was_going_on_when_the_bot_died_has_its_buttons_back(
    env, channel, alice, at_bot, engine, make_bot
):
    await cut_off(env, channel, alice, at_bot, engine, "Aye. And")
    engine.holds()
    await press(env, channel, alice)
    await env.restart_bot(make_bot())
    [stop] = buttons(answers(env, channel)[-1])
    await alice.click(answers(env, channel)[-1], custom_id=stop)
    await env.settle()
    assert any(":continue:" in found for found in buttons(answers(env, channel)[-1]))
