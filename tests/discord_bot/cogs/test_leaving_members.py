"""A member who leaves a server takes along what is stored about them there."""

from typing import Any

import pytest
import simcord

from bot.discord_bot.client import TroupeBot
from bot.store import Store
from tests.discord_bot.conftest import MakeBot


async def at_once(_seconds: float) -> None:
    """No pause between two questions to Discord."""


async def asked(store: Store, member: Any) -> list[str]:
    return [reply["asked"] for reply in (await store.export_member(member.id))["replies"]]


class TestWithTheMembersIntent:
    @pytest.fixture
    def simcord_bot(self, make_bot: MakeBot) -> TroupeBot:
        return make_bot(members=True)

    async def test_who_leaves_is_forgotten_at_once(
        self, env: simcord.Env, guild: Any, channel: Any, alice: Any, bob: Any, at_bot: str, store: Store
    ) -> None:
        await alice.send(channel, f"{at_bot} my secret")
        await bob.send(channel, f"{at_bot} hello")  # which quotes alice, so that it goes as well
        elsewhere = guild.create_text_channel("elsewhere")
        await bob.send(elsewhere, f"{at_bot} how are you?")

        guild.remove_member(alice)
        await env.settle()

        assert (await asked(store, alice), await asked(store, bob)) == ([], ["how are you?"])


async def test_without_the_intent_a_look_finds_out_who_left(
    env: simcord.Env, guild: Any, channel: Any, alice: Any, bob: Any, at_bot: str, store: Store
) -> None:
    assert not env.bot.intents.members
    await bob.send(channel, f"{at_bot} hello")
    room = guild.create_text_channel("elsewhere")
    await alice.send(room, f"{at_bot} my secret")
    guild.remove_member(alice)
    await env.settle()
    assert await asked(store, alice) == ["my secret"]

    await env.bot.get_cog("LeavingMembers").look(sleep=at_once)

    assert (await asked(store, alice), await asked(store, bob)) == ([], ["hello"])


async def test_a_look_that_discord_refuses_forgets_nobody(
    env: simcord.Env, guild: Any, channel: Any, alice: Any, at_bot: str, store: Store
) -> None:
    await alice.send(channel, f"{at_bot} my secret")
    guild.remove_member(alice)
    env.inject_error("GET", "/guilds/*/members/*", status=403)

    await env.bot.get_cog("LeavingMembers").look(sleep=at_once)

    assert await asked(store, alice) == ["my secret"]
