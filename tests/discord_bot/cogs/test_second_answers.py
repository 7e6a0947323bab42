"""🔁: a second answer beside the first, and the choice between the two."""

from typing import Any

import discord
import pytest
import simcord

from bot.discord_bot.rate_limits import Rate
from bot.errors import QueueFull
from bot.store import Store, StoredReply, VoteCount
from tests.discord_bot.conftest import MakeBot, handled
from tests.discord_bot.talk import answers, buttons, contents, spoken_prompt, whispered
from tests.fakes import ScriptedEngine


@pytest.fixture
async def first(env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine) -> discord.Message:
    engine.says("Plain words.")
    await alice.send(channel, f"{at_bot} greet me")
    [answer] = answers(env, channel)
    return answer


@pytest.fixture
async def reply(first: discord.Message, store: Store) -> StoredReply:
    stored = await store.reply_of_message(first.id)
    assert stored is not None
    return stored


@pytest.fixture
async def pair(
    env: simcord.Env, channel: Any, alice: Any, first: discord.Message, reply: StoredReply, engine: ScriptedEngine
) -> list[discord.Message]:
    """Two answers to one question, between which nobody has chosen."""
    engine.says("Warm words!")
    await alice.click(first, custom_id=f"troupe:again:{reply.id}")
    return answers(env, channel)


async def test_a_second_answer_stands_beside_the_first_with_a_choice_on_both(
    pair: list[discord.Message], first: discord.Message, reply: StoredReply, engine: ScriptedEngine, store: Store
) -> None:
    one, two = pair
    assert (one.content, two.content) == ("Plain words.", "Warm words!")
    assert two.reference is not None
    assert two.reference.message_id == first.id
    assert engine.requests[0].prompt_ids == engine.requests[1].prompt_ids
    second = await store.reply_of_message(two.id)
    assert second is not None
    assert (second.record.regenerates, second.record.asked) == (reply.id, "greet me")
    assert f"troupe:keep:{reply.id}:{second.id}" in buttons(one)
    assert f"troupe:keep:{second.id}:{reply.id}" in buttons(two)
    assert not any("again" in custom_id for custom_id in buttons(one) + buttons(two))


@pytest.mark.parametrize("restarted", [False, True])
async def test_the_kept_answer_stays_and_the_conversation_goes_on_with_it(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, pair: list[discord.Message], reply: StoredReply,
    engine: ScriptedEngine, store: Store, make_bot: MakeBot, restarted: bool,
) -> None:  # fmt: skip
    if restarted:
        await env.restart_bot(make_bot())
    second = await store.reply_of_message(pair[1].id)
    assert second is not None
    await alice.click(pair[1], custom_id=f"troupe:keep:{second.id}:{reply.id}")
    one, two = answers(env, channel)
    assert (one.content, buttons(one)) == ("-# (another answer was kept)", [])
    assert two.content == "Warm words!"
    assert f"troupe:again:{second.id}" in buttons(two)
    assert f"troupe:up:{second.id}" in buttons(two)
    [comparison] = (await store.export_member(alice.id))["comparisons"]
    assert (comparison["kept_reply_id"], comparison["other_reply_id"]) == (second.id, reply.id)
    await alice.send(channel, f"{at_bot} and now?")
    assert "Warm words!" in spoken_prompt(engine)
    assert "Plain words." not in spoken_prompt(engine)


async def test_a_long_answer_that_was_not_kept_goes_from_view_whole(
    env: simcord.Env, channel: Any, alice: Any, first: discord.Message, reply: StoredReply, engine: ScriptedEngine,
    store: Store,
) -> None:  # fmt: skip
    engine.says("word " * 900)
    await alice.click(first, custom_id=f"troupe:again:{reply.id}")
    second = await store.reply_of_message(answers(env, channel)[1].id)
    assert second is not None
    await alice.click(first, custom_id=f"troupe:keep:{reply.id}:{second.id}")
    assert contents(env, channel) == ["Plain words.", "-# (another answer was kept)"]
    assert await store.reply(second.id) is not None, "what was not kept is half of the comparison"


async def test_the_choice_stays_below_when_votes_change_the_figures(
    env: simcord.Env, channel: Any, bob: Any, pair: list[discord.Message], reply: StoredReply, store: Store
) -> None:
    await bob.click(pair[0], custom_id=f"troupe:up:{reply.id}")
    await bob.react(pair[1], "👎")
    assert await store.votes(reply.id) == VoteCount(1, 0)
    for message in answers(env, channel):
        assert any("keep" in custom_id for custom_id in buttons(message))


async def test_only_the_asker_or_a_moderator_asks_again_and_chooses(
    env: simcord.Env, guild: Any, channel: Any, bob: Any, pair: list[discord.Message], reply: StoredReply, store: Store
) -> None:
    second = await store.reply_of_message(pair[1].id)
    assert second is not None
    result = await bob.click(pair[0], custom_id=f"troupe:keep:{reply.id}:{second.id}")
    assert "Manage Messages" in whispered(result)
    role = guild.create_role("Moderators", permissions=discord.Permissions(manage_messages=True))
    moderator = guild.add_member(env.create_user("mod"), roles=[role])
    await moderator.click(pair[0], custom_id=f"troupe:keep:{reply.id}:{second.id}")
    assert contents(env, channel) == ["Plain words.", "-# (another answer was kept)"]
    result = await bob.click(answers(env, channel)[0], custom_id=f"troupe:again:{reply.id}")
    assert "Manage Messages" in whispered(result)


async def test_a_third_answer_waits_until_one_of_two_was_kept(
    channel: Any, alice: Any, pair: list[discord.Message], reply: StoredReply, engine: ScriptedEngine, env: simcord.Env,
    store: Store,
) -> None:  # fmt: skip
    second = await store.reply_of_message(pair[1].id)
    assert second is not None
    await alice.click(pair[1], custom_id=f"troupe:keep:{second.id}:{reply.id}")
    engine.says("Third words.")
    await alice.click(answers(env, channel)[1], custom_id=f"troupe:again:{second.id}")
    third = await store.reply_of_message(answers(env, channel)[2].id)
    assert third is not None
    assert f"troupe:keep:{second.id}:{third.id}" in buttons(answers(env, channel)[1])
    await alice.click(answers(env, channel)[2], custom_id=f"troupe:keep:{third.id}:{second.id}")
    assert contents(env, channel) == ["-# (another answer was kept)"] * 2 + ["Third words."]


async def test_pressing_twice_writes_one_second_answer(
    env: simcord.Env, channel: Any, alice: Any, first: discord.Message, reply: StoredReply, engine: ScriptedEngine
) -> None:
    engine.holds()
    await alice.click(first, custom_id=f"troupe:again:{reply.id}")
    result = await alice.click(first, custom_id=f"troupe:again:{reply.id}")
    assert "already a second one" in whispered(result)
    engine.generations[-1].say("Warm words!")
    engine.generations[-1].end()
    await env.settle()
    assert contents(env, channel) == ["Plain words.", "Warm words!"]


async def test_a_failure_leaves_the_first_answer_as_it_was(
    env: simcord.Env, channel: Any, alice: Any, first: discord.Message, reply: StoredReply, engine: ScriptedEngine
) -> None:
    engine.raises(QueueFull(64))
    result = await alice.click(first, custom_id=f"troupe:again:{reply.id}")
    assert [followup.content for followup in result.followups] == [
        "Please try again in a moment. I'm busy: 64 messages are waiting already."
    ]
    assert f"troupe:again:{reply.id}" in buttons(answers(env, channel)[0])


async def test_an_answer_whose_words_are_gone_cannot_be_had_again(
    alice: Any, first: discord.Message, reply: StoredReply, store: Store
) -> None:
    await store.remove_reply(reply.id)
    result = await alice.click(first, custom_id=f"troupe:again:{reply.id}")
    assert "no longer have that reply" in whispered(result)


async def test_second_answers_count_towards_the_limit(
    env: simcord.Env, channel: Any, alice: Any, first: discord.Message, reply: StoredReply, make_bot: MakeBot
) -> None:
    await env.restart_bot(make_bot(member_rate=Rate(1.0, 1)))
    await alice.click(first, custom_id=f"troupe:again:{reply.id}")
    result = await alice.slash(channel, "chat", message="more")
    assert result.ephemeral
    assert "faster than I can answer" in result.response.content
    assert handled(env) == ["TooFast"]
