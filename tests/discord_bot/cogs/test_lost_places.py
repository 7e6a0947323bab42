"""What a place that is gone leaves behind: nothing, also when it went while the bot was away."""

import dataclasses
from typing import Any

import pytest
import simcord

from bot.discord_bot.cogs.lost_places import LostPlaces
from bot.store import Store, StoredReply


async def asked(store: Store, member: Any) -> list[str]:
    return [reply["asked"] for reply in (await store.export_member(member.id))["replies"]]


async def also_said(store: Store, member: Any, **changes: Any) -> int:
    """The member's first reply once more, as if it had been given elsewhere; the new reply's id."""
    [first, *_] = (await store.export_member(member.id))["replies"]
    stored = await store.reply(first["id"])
    assert isinstance(stored, StoredReply)
    return await store.add_reply(dataclasses.replace(stored.record, **changes))


async def comes_back(env: simcord.Env) -> None:
    """Discord says "ready", as after a reconnect."""
    [places] = [cog for cog in env.bot.cogs.values() if isinstance(cog, LostPlaces)]
    await places.on_ready()


async def test_a_server_that_removed_the_bot_while_it_was_away_leaves_nothing(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, store: Store
) -> None:
    await alice.send(channel, f"{at_bot} a secret")
    elsewhere = await also_said(store, alice, guild_id=4242)
    await store.set_channel_persona(99, 4243, "pirate", 1)

    await comes_back(env)

    assert await store.reply(elsewhere) is None
    assert await store.channel_persona(99) is None
    assert await asked(store, alice) == ["a secret"]


async def test_a_channel_deleted_while_the_bot_was_away_takes_its_words_along(
    env: simcord.Env, guild: Any, channel: Any, alice: Any, at_bot: str, store: Store
) -> None:
    await alice.send(channel, f"{at_bot} a secret")
    gone = await also_said(store, alice, channel_id=31337)

    await comes_back(env)

    assert await store.reply(gone) is None
    assert await asked(store, alice) == ["a secret", ""]


async def test_a_channel_that_is_only_out_of_sight_keeps_its_words(
    env: simcord.Env, guild: Any, channel: Any, alice: Any, at_bot: str, store: Store
) -> None:
    await alice.send(channel, f"{at_bot} a secret")
    hidden = await also_said(store, alice, channel_id=31337)
    env.inject_error("GET", "/channels/*", status=403, code=50001)

    await comes_back(env)

    assert await store.reply(hidden) is not None


class TestOnAnotherBotsDatabase:
    @pytest.fixture
    async def store(self, store: Store) -> Store:
        assert await store.claim(bot_id=1)
        return store

    async def test_nothing_is_deleted(self, env: simcord.Env, store: Store, caplog: pytest.LogCaptureFixture) -> None:
        await store.set_channel_persona(99, 4243, "pirate", 1)
        await comes_back(env)
        assert await store.channel_persona(99) == "pirate"
        assert "another bot" in caplog.text
