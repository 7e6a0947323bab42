from typing import Any

import pytest
import simcord

from bot.store import Store
from tests.discord_bot.conftest import handled


@pytest.fixture
async def voted(env: simcord.Env, channel: Any, alice: Any, bob: Any, at_bot: str, store: Store) -> None:
    await alice.send(channel, f"{at_bot} hello")
    await alice.react(channel.last_message, "👍")
    await bob.react(channel.last_message, "👎")
    stored = await store.reply_of_message(channel.last_message.id)
    assert stored is not None
    await store.set_vote_reason(stored.id, bob.id, "rude")


@pytest.mark.usefixtures("voted")
async def test_stats_are_a_picture_and_plain_numbers(channel: Any, alice: Any) -> None:
    result = await alice.slash(channel, "stats", persona="plain")
    assert not result.ephemeral
    lines = result.response.content.splitlines()
    assert lines[0] == "**Plain, last 30 days**, on this server"
    assert "Replies: 1. 👍 1, 👎 1 (50%)." in lines[1]
    assert lines[2] == "By version: prompt only: 1 reply, 👍 1 👎 1 (50%)."
    assert lines[3] == "Why 👎: rude 1."
    assert lines[4].startswith("First word after 0 s (median)")
    [picture] = result.response.attachments
    assert picture.filename == "stats.png"
    assert (await picture.read()).startswith(b"\x89PNG")


@pytest.mark.usefixtures("voted")
async def test_stats_of_a_server_hold_nothing_of_another(env: simcord.Env) -> None:
    elsewhere = env.create_guild("Elsewhere")
    stranger = elsewhere.add_member(env.create_user("stranger"))
    result = await stranger.slash(elsewhere.create_text_channel("general"), "stats")
    assert result.response.content == "**All personas, last 30 days**, on this server\nNo replies yet."


async def test_stats_of_nobody_is_a_sentence(env: simcord.Env, channel: Any, alice: Any) -> None:
    result = await alice.slash(channel, "stats", persona="napoleon")
    assert "no persona called" in result.response.content
    assert handled(env) == ["UnknownPersona"]
    assert [c["value"] for c in await alice.autocomplete(channel, "stats", "persona", "pir")] == ["pirate"]
