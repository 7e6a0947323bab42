"""Talking where personas have their own name: streaming, ⏹, votes and second answers on a webhook's messages."""

from typing import Any

import pytest
import simcord

from bot.store import Store, VoteCount
from tests.discord_bot.talk import buttons, let_webhooks_have_buttons
from tests.fakes import ScriptedEngine


@pytest.fixture(autouse=True)
def _webhooks_of_applications(monkeypatch: pytest.MonkeyPatch) -> None:
    let_webhooks_have_buttons(monkeypatch)


@pytest.fixture(autouse=True)
async def _identity(guild: Any, channel: Any, alice: Any, store: Store) -> None:
    await store.set_channel_persona(channel.id, guild.id, "pirate", alice.id)
    await store.set_identity(channel.id, guild.id, alice.id, on=True)


def spoken(channel: Any) -> list[Any]:
    return [message for message in channel.history() if message.webhook_id]


async def test_a_reply_grows_is_stopped_and_voted_on_under_the_personas_name(
    env: simcord.Env, channel: Any, alice: Any, bob: Any, at_bot: str, engine: ScriptedEngine, store: Store
) -> None:
    engine.holds()
    await alice.send(channel, f"{at_bot} hello")
    engine.generations[-1].say("Ahoy there, all ye landlubbers ")
    await env.settle()
    [growing] = spoken(channel)
    assert growing.author.display_name == "Captain Saltbeard"
    assert buttons(growing) == ["troupe:stop"]
    await alice.click(growing, custom_id="troupe:stop")
    await env.settle()
    [answer] = spoken(channel)
    stored = await store.reply_of_message(answer.id)
    assert stored is not None
    await bob.click(answer, custom_id=f"troupe:up:{stored.id}")
    await alice.react(answer, "👎")
    assert await store.votes(stored.id) == VoteCount(1, 1)


async def test_a_second_answer_and_the_choice(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine, store: Store
) -> None:
    await alice.send(channel, f"{at_bot} hello")
    [first] = spoken(channel)
    reply = await store.reply_of_message(first.id)
    assert reply is not None
    engine.says("Arr!")
    await alice.click(first, custom_id=f"troupe:again:{reply.id}")
    one, two = spoken(channel)
    second = await store.reply_of_message(two.id)
    assert second is not None
    assert f"troupe:keep:{reply.id}:{second.id}" in buttons(one)
    await alice.click(two, custom_id=f"troupe:keep:{second.id}:{reply.id}")
    assert [message.content for message in spoken(channel)] == ["-# (another answer was kept)", "Arr!"]


async def test_a_reply_to_the_personas_message_is_answered_or_told_what_the_bot_can_read(
    channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    await alice.send(channel, f"{at_bot} hello")
    await alice.send(channel, f"{at_bot} and now?", reply_to=spoken(channel)[0])
    assert len(spoken(channel)) == 2
    await alice.send(channel, "and now?", reply_to=spoken(channel)[0])
    assert "only messages that mention me" in channel.last_message.content


async def test_each_persona_of_a_scene_speaks_under_its_own_name(
    channel: Any, alice: Any, engine: ScriptedEngine
) -> None:
    await alice.slash(channel, "scene", persona_a="pirate", persona_b="sarcastic", topic="tea", turns=2)
    assert [(message.author.display_name, message.content) for message in spoken(channel)] == [
        ("Captain Saltbeard", "Aye."), ("The Critic", "Aye."),
    ]  # fmt: skip


async def test_a_webhook_that_is_deleted_in_mid_reply_costs_no_word_of_it(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine, store: Store
) -> None:
    engine.holds()
    await alice.send(channel, f"{at_bot} tell me a story")
    story = engine.generations[-1]
    story.say("Once upon a time there was ")
    await env.settle()
    for webhook in list(env.backend.webhooks):
        env.backend.delete_webhook(webhook)
    story.say("a ship at sea.")
    story.end()
    await env.settle()
    shown = channel.history()[-1]
    assert (shown.author.id, shown.content) == (env.bot.user.id, "Once upon a time there was a ship at sea.")
    stored = await store.reply_of_message(shown.id)
    assert stored.record.text == shown.content
    assert buttons(shown)[0].startswith("troupe:up:")


async def test_a_persona_greets_under_its_own_name(channel: Any, alice: Any, at_bot: str) -> None:
    await alice.send(channel, at_bot)
    [greeting] = spoken(channel)
    assert (greeting.author.display_name, greeting.content) == ("Captain Saltbeard", "Ahoy, mateys!")


async def test_without_a_webhook_the_first_line_names_who_speaks(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str
) -> None:
    env.inject_error("POST", "/channels/*/webhooks", status=400, code=30007)
    await alice.send(channel, f"{at_bot} hello")
    assert channel.last_message.content == "🎭 **Captain Saltbeard**\nAye."
    assert channel.last_message.author.id == env.bot.user.id
