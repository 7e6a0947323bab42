import json
from typing import Any

import discord
import pytest
import simcord

from bot.discord_bot.controls.consent import learn_more
from bot.store import Store


@pytest.fixture
async def spoken(channel: Any, alice: Any, at_bot: str) -> discord.Message:
    await alice.send(channel, f"{at_bot} my secret is 42")
    return channel.last_message


async def test_privacy_shows_the_state_and_changes_it(channel: Any, alice: Any, store: Store) -> None:
    result = await alice.slash(channel, "privacy")
    assert result.ephemeral
    assert "haven't decided yet" in result.response.content
    assert "Nothing else is stored about you." in result.response.content
    await alice.click(result.response, label="Allow learning")
    assert await store.consent(alice.id) is True
    result = await alice.slash(channel, "privacy")
    assert "**may learn**" in result.response.content
    await alice.click(result.response, label="Refuse")
    assert await store.consent(alice.id) is False


async def test_export_is_a_private_json_file(
    env: simcord.Env, channel: Any, alice: Any, spoken: discord.Message
) -> None:
    panel = (await alice.slash(channel, "privacy")).response
    result = await alice.click(panel, label="Export")
    [sent] = result.followups
    assert sent.ephemeral
    [attachment] = sent.attachments
    assert attachment.filename == "troupe-privacy.json"
    rows = json.loads(await attachment.read())
    assert rows["member_id"] == alice.id
    assert rows["replies"][0]["asked"] == "my secret is 42"


async def test_privacy_counts_what_is_stored_and_tells_more(channel: Any, alice: Any, spoken: discord.Message) -> None:
    await alice.react(spoken, "👍")
    panel = (await alice.slash(channel, "privacy")).response
    assert "Stored about you: 1 reply to you, with what you wrote, 1 vote." in panel.content
    more = await alice.click(panel, label="Learn more")
    assert (more.ephemeral, more.response.content) == (True, learn_more())


async def test_delete_asks_first(channel: Any, alice: Any, spoken: discord.Message, store: Store) -> None:
    panel = (await alice.slash(channel, "privacy")).response
    asked = await alice.click(panel, label="Delete everything")
    await alice.click(asked.response or panel, label="Keep it")
    assert await store.reply_of_message(spoken.id) is not None

    panel = (await alice.slash(channel, "privacy")).response
    asked = await alice.click(panel, label="Delete everything")
    await alice.click(asked.response or panel, label="Yes, delete everything")
    assert await store.reply_of_message(spoken.id) is None
    exported = await store.export_member(alice.id)
    assert exported["replies"] == []
