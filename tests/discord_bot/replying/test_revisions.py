"""Messages that are edited or deleted after, or while, they are answered."""

from typing import Any

import simcord

from bot.store import Store
from tests.discord_bot.talk import answers, spoken_prompt
from tests.fakes import ScriptedEngine


async def test_an_edited_question_is_read_with_its_new_words(
    channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    asked = await alice.send(channel, f"{at_bot} my cat is called Tom")
    await alice.edit(asked, f"{at_bot} my cat is called Ada")
    await alice.send(channel, f"{at_bot} what is my cat called?")
    assert "<user>my cat is called Ada</user>" in spoken_prompt(engine)
    assert "Tom" not in spoken_prompt(engine)


async def test_a_question_edited_out_of_sight_is_forgotten(
    channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    asked = await alice.send(channel, f"{at_bot} my password is swordfish")
    await alice.edit(asked, "never mind")
    await alice.send(channel, f"{at_bot} what did I say?")
    assert "swordfish" not in spoken_prompt(engine)


async def test_a_deleted_question_leaves_the_conversation_with_its_answer(
    channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine, store: Store
) -> None:
    engine.says("Nice to meet you, Tom.")
    asked = await alice.send(channel, f"{at_bot} my name is Tom")
    await alice.delete(asked)
    assert await store.replies_asked_by(asked.id) == []
    await alice.send(channel, f"{at_bot} who am I?")
    assert "Tom" not in spoken_prompt(engine)


async def test_a_deleted_answer_leaves_the_conversation(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    engine.says("Something rude.")
    await alice.send(channel, f"{at_bot} hello")
    env.backend.delete_message(channel.id, answers(env, channel)[0].id)
    await env.settle()
    await alice.send(channel, f"{at_bot} hello again")
    assert "rude" not in spoken_prompt(engine)


async def test_words_taken_back_while_they_are_answered_are_not_remembered(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    engine.holds()
    deleted = await alice.send(channel, f"{at_bot} my name is Tom")
    await alice.delete(deleted)
    engine.generations[-1].say("Hello.")
    engine.generations[-1].end()
    await env.settle()
    engine.holds()
    edited = await alice.send(channel, f"{at_bot} I live in Oslo")
    await alice.edit(edited, f"{at_bot} I live in Rome")
    engine.generations[-1].say("Nice.")
    engine.generations[-1].end()
    await env.settle()
    await alice.send(channel, f"{at_bot} who am I?")
    assert "Tom" not in spoken_prompt(engine)
    assert "<user>I live in Rome</user>" in spoken_prompt(engine)


async def test_other_peoples_edits_and_deletions_change_nothing(
    channel: Any, alice: Any, bob: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    await alice.send(channel, f"{at_bot} my name is Alice")
    chatter = await bob.send(channel, "just talking")
    await bob.edit(chatter, "still talking")
    await bob.delete(chatter)
    await alice.send(channel, f"{at_bot} who am I?")
    assert "my name is Alice" in spoken_prompt(engine)
