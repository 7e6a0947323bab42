"""Where the bot may not write it does not even begin, and disturbs nobody."""

from types import SimpleNamespace
from typing import Any

import discord
import pytest
import simcord

from bot.discord_bot.addressing import Place, place_of_message
from bot.discord_bot.client import TroupeBot
from bot.discord_bot.permissions import DAY, OnceADay
from tests.discord_bot.talk import contents
from tests.fakes import ScriptedEngine


@pytest.fixture
def simcord_bot(make_bot) -> TroupeBot:
    return make_bot(message_content=True)


@pytest.fixture
async def silent(env: simcord.Env, guild, store, alice):
    """A channel where a persona answers every message, and where the bot may not write."""
    assert env.bot.user is not None
    denied = discord.PermissionOverwrite(send_messages=False)
    channel = guild.create_text_channel("silent", overwrites={env.bot.user: denied})
    await store.set_channel_persona(channel.id, guild.id, "plain", alice.id, auto_reply=True)
    return channel


async def test_ordinary_messages_in_a_channel_without_permission_cost_and_bring_nothing(
    env, silent, alice, bob, engine: ScriptedEngine
):
    for member in (alice, bob, alice):
        await member.send(silent, "Leeks!")
    assert engine.requests == []
    assert [request for request in env.http_requests if request.method == "POST"] == []


async def test_who_addresses_the_bot_there_is_told_once_a_day(env, silent, alice, bob, at_bot, engine):
    for member in (alice, alice, bob):
        await member.send(silent, f"{at_bot} when do I plant leeks?")
    assert engine.requests == []
    assert len(contents(env, alice.user.dm_channel)) == 1
    assert "I can't write in" in contents(env, alice.user.dm_channel)[0]
    assert contents(env, bob.user.dm_channel) == []


def test_a_message_of_a_server_that_discord_has_not_told_of_is_no_direct_message(env: simcord.Env):
    message: Any = SimpleNamespace(guild=None, channel=env.bot.get_partial_messageable(3, guild_id=7))
    assert place_of_message(message) == Place(3, None, 7)


def test_a_day_later_it_may_be_said_again():
    now = [100.0]
    told = OnceADay(lambda: now[0])
    assert [told.is_first(1), told.is_first(1), told.is_first(2)] == [True, False, True]
    now[0] += DAY
    assert told.is_first(1)
