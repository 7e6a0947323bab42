"""Personas under their own name: through a webhook of the bot's, and under the bot's name wherever that fails."""

from typing import Any

import discord
import pytest
import simcord

from bot.discord_bot.replying.webhooks import Identities, spoken_name
from bot.personas.catalog import Persona
from bot.store import Store, VoteCount
from tests.discord_bot.talk import as_bot, let_webhooks_have_buttons

PIRATE = Persona(
    name="pirate", display_name="Captain Saltbeard", description="A pirate.", avatar_url="https://example.org/p.png"
)


@pytest.fixture
def identities(env: simcord.Env, store: Store) -> Identities:
    return Identities(store, lambda: env.bot.user)


@pytest.fixture
def allowed(guild: Any) -> None:
    guild.default_role.role.permissions |= discord.Permissions(manage_webhooks=True).value


def webhooks_made(env: simcord.Env) -> int:
    return sum(request.method == "POST" and request.path.endswith("/webhooks") for request in env.http_requests)


async def speak(env: simcord.Env, identities: Identities, channel: Any, *contents: str) -> list[discord.Message]:
    with as_bot(env):
        destination = await identities.destination(env.bot.get_channel(channel.id), PIRATE)
        assert destination is not None
        sent = [await destination.send(content, nonce="1") for content in contents]
    await env.settle()
    return sent


async def test_without_being_switched_on_there_is_no_identity(
    env: simcord.Env, channel: Any, identities: Identities
) -> None:
    with as_bot(env):
        assert await identities.destination(env.bot.get_channel(channel.id), PIRATE) is None


async def test_a_persona_speaks_under_its_name_and_picture_and_its_messages_are_edited(
    env: simcord.Env, guild: Any, channel: Any, store: Store, identities: Identities
) -> None:
    await store.set_identity(channel.id, guild.id, 1, on=True)
    [first, _second] = await speak(env, identities, channel, "Ahoy @everyone", "Arr")
    shown = channel.history()[0]
    assert (shown.author.display_name, shown.content) == ("Captain Saltbeard", "Ahoy @everyone")
    assert not shown.mention_everyone
    assert webhooks_made(env) == 1
    with as_bot(env):
        await identities.edit(env.bot.get_channel(channel.id), first.id, content="Ahoy!")
        await identities.delete(env.bot.get_channel(channel.id), first.id)
    assert [message.content for message in channel.history()] == ["Arr"]


async def test_a_persona_without_a_picture_is_shown_as_its_emoji_where_somebody_draws_it(
    env: simcord.Env, guild: Any, channel: Any, store: Store
) -> None:
    await store.set_identity(channel.id, guild.id, 1, on=True)
    identities = Identities(store, lambda: env.bot.user, lambda emoji: f"https://example.org/{ord(emoji):x}.svg")
    plain = PIRATE.model_copy(update={"avatar_url": "", "avatar": "🦉"})
    with as_bot(env):
        destination = await identities.destination(env.bot.get_channel(channel.id), plain)
        assert destination is not None
        await destination.send("Hoot")
    [sent] = [request for request in env.http_requests if request.method == "POST" and "/webhooks/" in request.path]
    assert sent.json["avatar_url"] == "https://example.org/1f989.svg"


async def test_the_bots_own_webhook_is_found_again_after_a_restart_and_no_other_is_used(
    env: simcord.Env, guild: Any, channel: Any, store: Store
) -> None:
    await store.set_identity(channel.id, guild.id, 1, on=True)
    for _ in range(2):
        await speak(env, Identities(store, lambda: env.bot.user), channel, "Ahoy")
    assert webhooks_made(env) == 1


async def test_a_webhook_that_was_deleted_meanwhile_leaves_the_bots_own_voice(
    env: simcord.Env, guild: Any, channel: Any, store: Store, identities: Identities
) -> None:
    await store.set_identity(channel.id, guild.id, 1, on=True)
    await speak(env, identities, channel, "Ahoy")
    for webhook in list(env.backend.webhooks):
        env.backend.delete_webhook(webhook)
    await speak(env, identities, channel, "Still here")
    assert channel.last_message.author.id == env.bot.user.id
    await speak(env, identities, channel, "Back again")
    assert channel.last_message.author.display_name == "Captain Saltbeard"


async def test_a_refused_webhook_leaves_the_bots_own_voice(
    env: simcord.Env, guild: Any, channel: Any, store: Store, identities: Identities, caplog: pytest.LogCaptureFixture
) -> None:
    await store.set_identity(channel.id, guild.id, 1, on=True)
    env.inject_error("POST", "/channels/*/webhooks", status=400, code=30007)
    with as_bot(env):
        assert await identities.destination(env.bot.get_channel(channel.id), PIRATE) is None
    assert "code 30007" in caplog.text


async def test_a_reply_under_the_personas_name_has_buttons_that_vote(
    env: simcord.Env, guild: Any, channel: Any, alice: Any, bob: Any, at_bot: str, store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    let_webhooks_have_buttons(monkeypatch)
    await store.set_identity(channel.id, guild.id, 1, on=True)
    await store.set_channel_persona(channel.id, guild.id, "pirate", 1)
    await alice.send(channel, f"{at_bot} hello")
    answer = channel.last_message
    assert (answer.author.display_name, answer.content) == ("Captain Saltbeard", "Aye.")
    stored = await store.reply_of_message(answer.id)
    assert stored is not None
    await alice.click(answer, custom_id=f"troupe:up:{stored.id}")
    await bob.react(answer, "👍")
    assert await store.votes(stored.id) == VoteCount(2, 0)
    assert channel.last_message.components[0].children[0].label == "2"
    await alice.context_menu(channel, "Delete this reply", answer)
    assert answer.id not in [message.id for message in channel.history()]


async def test_where_a_webhook_may_show_no_buttons_the_reply_stands_and_reactions_vote(
    guild: Any, channel: Any, alice: Any, at_bot: str, store: Store
) -> None:
    await store.set_identity(channel.id, guild.id, 1, on=True)
    await alice.send(channel, f"{at_bot} hello")
    answer = channel.last_message
    assert (answer.author.display_name, answer.content, answer.components) == ("Plain", "Aye.", [])
    await alice.react(answer, "👍")
    stored = await store.reply_of_message(answer.id)
    assert stored is not None
    assert await store.votes(stored.id) == VoteCount(1, 0)


def test_names_that_discord_refuses_are_broken_up() -> None:
    name = spoken_name(PIRATE.model_copy(update={"display_name": "Discord Clyde"}))
    assert name == "Disc\u200bord Cly\u200bde"
