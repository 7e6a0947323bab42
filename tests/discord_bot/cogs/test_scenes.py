"""/scene: two personas talk to each other."""

from typing import Any

import discord
import pytest
import simcord

from bot.conversation.replies import Ask
from bot.discord_bot.cogs.scenes import scene_turns
from bot.discord_bot.rate_limits import Rate
from bot.errors import GenerationFailed
from bot.personas.catalog import Persona
from bot.store import Store
from tests.discord_bot.conftest import MakeBot, handled
from tests.discord_bot.talk import answers, buttons, contents, spoken_prompt, whispered
from tests.fakes import ScriptedEngine

SCENE = {"persona_a": "pirate", "persona_b": "sarcastic", "topic": "the weather"}
PIRATE, CRITIC = "🎭 **Captain Saltbeard**", "🎭 **The Critic**"


def a_persona(name: str) -> Persona:
    return Persona(name=name, display_name=name.title(), description="A persona.")


def test_each_reads_its_own_lines_as_its_own_and_roles_alternate() -> None:
    ada, bo = a_persona("ada"), a_persona("bo")
    ask = Ask(1, 2, 3, "alice", "tea", ada)
    lines = [("ada", "Tea is warm."), ("bo", "Is it."), ("ada", "It is.")]
    read = [(turn.message.role, turn.message.content, turn.author_id) for turn in scene_turns(lines, bo, ada, ask)]
    assert read == [
        ("user", "Talk with Ada about this: tea\nTea is warm.", 3),
        ("assistant", "Is it.", None),
        ("user", "It is.", None),
    ]
    read = [(turn.message.role, turn.message.content, turn.author_id) for turn in scene_turns(lines[:2], ada, bo, ask)]
    assert read == [
        ("user", "Talk with Bo about this: tea", 3),
        ("assistant", "Tea is warm.", None),
        ("user", "Is it.", None),
    ]


async def test_two_personas_take_turns_under_their_names(
    env: simcord.Env, channel: Any, alice: Any, engine: ScriptedEngine, store: Store
) -> None:
    for line in ("Storm ahead!", "How thrilling.", "Arr."):
        engine.says(line)
    await alice.slash(channel, "scene", **SCENE, turns=3)
    opening, *turns = answers(env, channel)
    assert opening.content == f"🎬 {PIRATE} and {CRITIC}\n> the weather"
    assert [turn.content for turn in turns] == [
        f"{PIRATE}\nStorm ahead!", f"{CRITIC}\nHow thrilling.", f"{PIRATE}\nArr.",
    ]  # fmt: skip
    assert "<assistant>Storm ahead!</assistant><user>How thrilling.</user>" in spoken_prompt(engine)
    stored = await store.reply_of_message(turns[1].id)
    assert stored is not None
    assert (stored.record.persona, stored.record.source) == ("sarcastic", "scene")
    assert f"troupe:up:{stored.id}" in buttons(turns[1])


async def test_a_scene_is_not_part_of_the_members_conversation(
    channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine, store: Store, guild: Any
) -> None:
    await store.set_channel_persona(channel.id, guild.id, "pirate", alice.id)
    engine.says("Storm ahead!")
    await alice.slash(channel, "scene", **SCENE, turns=2)
    await alice.send(channel, f"{at_bot} hello")
    assert "Storm" not in spoken_prompt(engine)


async def test_stop_ends_the_scene_and_others_need_manage_messages(
    env: simcord.Env, channel: Any, alice: Any, bob: Any, engine: ScriptedEngine
) -> None:
    engine.holds()
    await alice.slash(channel, "scene", **SCENE)
    growing = answers(env, channel)[-1]
    assert (growing.content, buttons(growing)) == (f"{PIRATE}\n…", ["troupe:stop"])
    result = await bob.click(growing, custom_id="troupe:stop")
    assert "Manage Messages" in whispered(result)
    engine.generations[-1].say("Storm ahead, says I, ")
    await env.settle()
    await alice.click(growing, custom_id="troupe:stop")
    await env.settle()
    assert contents(env, channel)[1:] == [f"{PIRATE}\nStorm ahead, says I,"]
    assert len(engine.requests) == 1


async def test_one_scene_at_a_time_in_a_channel(
    env: simcord.Env, guild: Any, channel: Any, alice: Any, bob: Any, engine: ScriptedEngine
) -> None:
    engine.holds()
    await alice.slash(channel, "scene", **SCENE, turns=2)
    result = await bob.slash(channel, "scene", **SCENE)
    assert result.ephemeral
    assert "There is already a scene in this channel" in result.response.content
    assert handled(env) == ["MemberError"]
    other = guild.create_text_channel("other")
    await bob.slash(other, "scene", **SCENE, turns=2)
    assert len(answers(env, other)) == 3
    engine.generations[0].say("Storm.")
    engine.generations[0].end()
    await env.settle()
    assert len(answers(env, channel)) == 3
    result = await bob.slash(channel, "scene", **SCENE, turns=2)
    assert not result.ephemeral


async def test_a_failure_ends_the_scene_with_a_sentence(
    env: simcord.Env, channel: Any, alice: Any, engine: ScriptedEngine
) -> None:
    engine.holds()
    await alice.slash(channel, "scene", **SCENE)
    engine.generations[-1].fail(GenerationFailed())
    await env.settle()
    assert contents(env, channel)[-1] == (f"{PIRATE}\nSomething went wrong while I was answering. Please try again.")
    assert len(engine.requests) == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"persona_b": "pirate"}, "two different personas"),
        ({"persona_b": "napoleon"}, "no persona called"),
        ({"topic": "  "}, "Write a few words"),
    ],
)
async def test_what_makes_no_scene_is_a_private_sentence(
    env: simcord.Env, channel: Any, alice: Any, engine: ScriptedEngine, changes: dict[str, str], sentence: str
) -> None:
    result = await alice.slash(channel, "scene", **{**SCENE, **changes})
    assert result.ephemeral
    assert sentence in result.response.content
    assert engine.requests == []
    assert len(handled(env)) == 1


async def test_the_stop_of_the_bot_interrupts_a_scene(
    env: simcord.Env, channel: Any, alice: Any, engine: ScriptedEngine
) -> None:
    engine.holds()
    await alice.slash(channel, "scene", **SCENE)
    engine.generations[-1].say("Storm ahead, says I, ")
    await env.settle()
    await env.bot.drain(0.0)
    [_, interrupted] = answers(env, channel)
    assert isinstance(interrupted, discord.Message)
    assert interrupted.content.endswith("Storm ahead, says I,\n-# (interrupted)")
    assert len(engine.requests) == 1


async def test_every_answer_of_a_scene_counts_towards_the_limit(
    env: simcord.Env, channel: Any, alice: Any, make_bot: MakeBot
) -> None:
    await env.restart_bot(make_bot(member_rate=Rate(1.0, 3)))
    await alice.slash(channel, "scene", **SCENE, turns=3)
    result = await alice.slash(channel, "chat", message="more")
    assert "faster than I can answer" in result.response.content
    assert handled(env) == ["TooFast"]
