"""Where nothing is collected, and what a place that is gone leaves behind."""

from pathlib import Path
from typing import Any

import discord
import pytest
import simcord

from bot.store import WHOLE_SERVER, Store, open_snapshot


@pytest.fixture
def owner(env: simcord.Env, guild: Any) -> Any:
    role = guild.create_role("Owners", permissions=discord.Permissions(manage_guild=True, manage_channels=True))
    return guild.add_member(env.create_user("owner"), roles=[role])


def trainable(tmp_path: Path) -> list[str]:
    with open_snapshot(tmp_path / "troupe.db") as snapshot:
        return [reply.record.asked for reply in snapshot.replies("plain")]


async def test_collection_is_switched_off_and_on_for_a_channel(
    guild: Any, channel: Any, owner: Any, alice: Any, at_bot: str, tmp_path: Path
) -> None:
    other = guild.create_text_channel("other")
    await alice.send(channel, f"{at_bot} before")
    result = await owner.slash(channel, "collection", learn=False)
    assert "Nothing that is said in this channel is used for training" in result.response.content
    await alice.send(channel, f"{at_bot} during")
    await alice.send(other, f"{at_bot} elsewhere")
    assert trainable(tmp_path) == ["elsewhere"]
    panel = await alice.slash(channel, "privacy")
    assert "Nothing is learned from anybody in this channel" in panel.response.content
    await owner.slash(channel, "collection", learn=True)
    assert trainable(tmp_path) == ["before", "elsewhere"]


async def test_collection_is_switched_off_for_the_whole_server(
    guild: Any, channel: Any, owner: Any, alice: Any, store: Store
) -> None:
    await owner.slash(channel, "collection", learn=False, where="server")
    assert await store.collection_off(guild.id) == {WHOLE_SERVER}
    panel = await alice.slash(channel, "privacy")
    assert "Nothing is learned from anybody on this server" in panel.response.content
    result = await owner.slash(channel, "collection", learn=True)
    assert result.response.content.endswith("It is still off for the whole server.")


async def test_collection_needs_manage_server(
    env: simcord.Env, guild: Any, channel: Any, alice: Any, store: Store
) -> None:
    with pytest.raises(simcord.SetupError, match="default-member-permissions"):  # Discord does not offer it to her
        await alice.slash(channel, "collection", learn=False)
    assert await store.collection_off(guild.id) == frozenset()


async def test_a_deleted_channel_takes_its_words_along(
    env: simcord.Env, guild: Any, channel: Any, owner: Any, alice: Any, at_bot: str, store: Store
) -> None:
    await owner.slash(channel, "persona switch", name="pirate")
    await alice.send(channel, f"{at_bot} a secret")
    env.backend.delete_channel(channel.id)
    await env.settle()
    exported = await store.export_member(alice.id)
    assert [reply["asked"] for reply in exported["replies"]] == [""]
    assert await store.channel_persona(channel.id) is None


async def test_a_server_that_is_left_leaves_nothing(
    env: simcord.Env, guild: Any, channel: Any, alice: Any, at_bot: str, store: Store
) -> None:
    await alice.send(channel, f"{at_bot} a secret")
    env.backend.remove_guild(guild.id)
    await env.settle()
    assert (await store.export_member(alice.id))["replies"] == []
