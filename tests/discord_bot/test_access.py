"""config.toml's [access] holds for messages, reactions, commands, buttons and forms; /privacy stays open."""

from typing import Any

import pytest
import simcord

from bot.discord_bot.access import Access, AccessCheck
from bot.store import Store, VoteCount
from tests.discord_bot.conftest import MakeBot, handled
from tests.fakes import ScriptedEngine


@pytest.fixture
async def shut_out(env: simcord.Env, channel: Any, alice: Any, bob: Any, at_bot: str, make_bot: MakeBot) -> Any:
    """A reply to alice, and then bob is blocked."""
    await alice.send(channel, f"{at_bot} hello")
    answer = channel.last_message
    await env.restart_bot(make_bot(access=Access(blocked_members=frozenset({bob.id}))))
    return answer


async def test_a_blocked_member_is_not_heard(
    channel: Any, alice: Any, bob: Any, at_bot: str, shut_out: Any, engine: ScriptedEngine, store: Store
) -> None:
    await bob.send(channel, f"{at_bot} hello")
    await bob.react(shut_out, "👎")
    assert len(engine.requests) == 1
    stored = await store.reply_of_message(shut_out.id)
    assert stored is not None
    assert await store.votes(stored.id) == VoteCount(0, 0)
    await alice.send(channel, f"{at_bot} hello")
    assert len(engine.requests) == 2


async def test_a_blocked_member_is_told_at_commands_and_buttons(
    channel: Any, bob: Any, shut_out: Any, store: Store
) -> None:
    result = await bob.slash(channel, "persona list")
    assert result.ephemeral
    assert result.response.content == "You're not allowed to use me."
    stored = await store.reply_of_message(shut_out.id)
    assert stored is not None
    for button in ("up", "correct"):
        result = await bob.click(shut_out, custom_id=f"troupe:{button}:{stored.id}")
        assert result.response.content == "You're not allowed to use me."
    assert await store.votes(stored.id) == VoteCount(0, 0)


async def test_a_form_opened_before_the_block_is_refused_after_it(
    env: simcord.Env, channel: Any, alice: Any, bob: Any, at_bot: str, store: Store
) -> None:
    await alice.send(channel, f"{at_bot} hello")
    stored = await store.reply_of_message(channel.last_message.id)
    assert stored is not None
    shown = await bob.click(channel.last_message, custom_id=f"troupe:correct:{stored.id}")
    env.bot.access_check = AccessCheck(Access(blocked_members=frozenset({bob.id})))
    result = await bob.submit_modal(shown, {"answer": "Better."})
    assert result.response.content == "You're not allowed to use me."
    assert (await store.export_member(bob.id))["corrections"] == []


async def test_a_blocked_member_still_has_their_privacy(channel: Any, bob: Any, shut_out: Any, store: Store) -> None:
    await store.set_consent(bob.id, True)
    panel = await bob.slash(channel, "privacy")
    assert "**may learn**" in panel.response.content
    asked = await bob.click(panel.response, label="Delete everything")
    await bob.click(asked.response or panel.response, label="Yes, delete everything")
    assert await store.consent(bob.id) is None


async def test_only_allowed_channels_are_answered_and_their_threads(
    env: simcord.Env, guild: Any, channel: Any, alice: Any, at_bot: str, make_bot: MakeBot, engine: ScriptedEngine
) -> None:
    other = guild.create_text_channel("other")
    await env.restart_bot(make_bot(access=Access(allowed_channels=frozenset({channel.id}), direct_messages=False)))
    await alice.send(other, f"{at_bot} hello")
    result = await alice.slash(other, "persona list")
    assert result.response.content == "I can't be used in this channel."
    await alice.send_dm("hello")
    assert engine.requests == []
    await alice.send(channel, f"{at_bot} hello")
    assert len(engine.requests) == 1
    assert await alice.autocomplete(other, "persona info", "name", "") == []
    assert handled(env) == []
