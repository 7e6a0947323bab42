"""A thread that is in no cache belongs to its channel all the same: for who speaks, and for who is shut out."""

from typing import Any

import discord
import pytest
import simcord

from bot.discord_bot.access import Access
from tests.discord_bot.talk import as_bot, spoken_prompt


@pytest.fixture
def unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """discord.py knows no thread."""
    known = discord.Guild.get_channel_or_thread

    def without_threads(guild: discord.Guild, channel_id: int) -> Any:
        found = known(guild, channel_id)
        return None if isinstance(found, discord.Thread) else found

    monkeypatch.setattr(discord.Guild, "get_channel_or_thread", without_threads)


@pytest.fixture
async def thread(env: simcord.Env, channel: Any, alice: Any) -> Any:
    started = await alice.send(channel, "about leeks")
    with as_bot(env):
        await env.bot.get_channel(channel.id).get_partial_message(started.id).create_thread(name="leeks")
    await env.settle()
    [thread] = channel.threads
    return thread


async def test_the_persona_of_the_channel_speaks_in_its_thread(
    env, guild, channel, thread, alice, at_bot, engine, store, unknown
):
    await store.set_channel_persona(channel.id, guild.id, "pirate", alice.id)
    await alice.send(thread, f"{at_bot} when do I plant leeks?")
    await env.settle()
    assert "You are Captain Saltbeard." in spoken_prompt(engine)


async def test_a_message_of_which_discord_names_only_the_channel_is_answered_by_the_channels_persona(
    env, guild, channel, thread, alice, at_bot, engine, store, unknown
):
    await store.set_channel_persona(channel.id, guild.id, "pirate", alice.id)
    message = await alice.send(thread, "hello")
    message.channel = env.bot.get_partial_messageable(thread.id, guild_id=guild.id)
    message.content, message.mentions = f"{at_bot} hello", [env.bot.user]
    with as_bot(env):
        env.bot.dispatch("message", message)
    await env.settle()
    assert "You are Captain Saltbeard." in spoken_prompt(engine)


async def test_it_is_asked_for_once(env, thread, alice, at_bot, engine, unknown):
    for _ in range(2):
        await alice.send(thread, f"{at_bot} hello")
        await env.settle()
    asked = [made for made in env.http_requests if (made.method, made.path) == ("GET", f"/channels/{thread.id}")]
    assert (len(engine.requests), len(asked)) == (2, 1)


async def test_a_blocked_channels_threads_are_blocked_too(
    env, channel, thread, alice, at_bot, engine, store, make_bot, unknown
):
    await env.restart_bot(make_bot(access=Access(blocked_channels=frozenset({channel.id}))))
    await alice.send(thread, f"{at_bot} hello")
    await env.settle()
    assert engine.requests == []


async def test_a_thread_out_of_reach_is_a_channel_of_its_own(env, thread, alice, at_bot, engine, unknown):
    env.inject_error("GET", f"/channels/{thread.id}", status=403, code=50001, times=None)
    await alice.send(thread, f"{at_bot} hello")
    await env.settle()
    assert len(engine.requests) == 1
