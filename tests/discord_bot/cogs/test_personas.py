from pathlib import Path
from typing import Any

import discord
import pytest
import simcord

from bot.conversation.active_versions import ActiveVersions
from bot.conversation.channels import ChannelPersonas
from bot.errors import ConfigError, PersonaUnavailable, UnknownPersona
from bot.personas.catalog import PersonaCatalog
from bot.store import Store
from bot.versions.registry import AdapterRegistry, AdapterVersion
from tests.discord_bot.conftest import handled
from tests.discord_bot.talk import as_bot
from tests.fakes import ScriptedEngine


@pytest.fixture
def moderator(env: simcord.Env, guild: Any) -> Any:
    role = guild.create_role("Moderators", permissions=discord.Permissions(manage_channels=True))
    return guild.add_member(env.create_user("mod"), roles=[role])


def system_prompt(engine: ScriptedEngine) -> str:
    return "".join(map(chr, engine.requests[-1].prompt_ids)).split("</system>")[0]


async def test_switch_lets_another_persona_speak_in_this_channel_only(
    guild: Any, channel: Any, moderator: Any, alice: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    other = guild.create_text_channel("other")
    result = await moderator.slash(channel, "persona switch", name="pirate")
    assert not result.ephemeral
    assert result.response.content == "🎭 **Captain Saltbeard** speaks here now.\nAhoy, mateys!"
    await alice.send(channel, f"{at_bot} hello")
    assert "Captain Saltbeard" in system_prompt(engine)
    await alice.send(other, f"{at_bot} hello")
    assert "Plain" in system_prompt(engine)


async def test_switch_needs_manage_channels(env: simcord.Env, channel: Any, alice: Any, store: Store) -> None:
    for command in ("persona switch", "persona reset"):
        options = {"name": "pirate"} if "switch" in command else {}
        result = await alice.slash(channel, command, **options)
        assert result.ephemeral
        assert "Manage Channels" in result.response.content
    assert handled(env) == ["NotAllowed", "NotAllowed"]
    assert await store.channel_persona(channel.id) is None


async def test_an_unknown_persona_is_a_private_sentence(
    env: simcord.Env, channel: Any, moderator: Any, store: Store
) -> None:
    result = await moderator.slash(channel, "persona switch", name="napoleon")
    assert result.ephemeral
    assert result.response.content == (
        "There is no persona called “napoleon”. Choose one of these: pirate, plain, sarcastic."
    )
    assert handled(env) == ["UnknownPersona"]
    assert await store.channel_persona(channel.id) is None


async def test_names_complete_by_name_and_display_name(channel: Any, alice: Any) -> None:
    def values(choices: list[dict[str, Any]]) -> list[str]:
        return [choice["value"] for choice in choices]

    assert values(await alice.autocomplete(channel, "persona switch", "name", "")) == ["pirate", "plain", "sarcastic"]
    assert values(await alice.autocomplete(channel, "persona switch", "name", "Critic")) == ["sarcastic"]
    assert values(await alice.autocomplete(channel, "persona info", "name", "P")) == ["pirate", "plain"]
    assert values(await alice.autocomplete(channel, "persona info", "name", "zzz")) == []


async def test_list_marks_who_speaks_here(channel: Any, alice: Any, moderator: Any) -> None:
    await moderator.slash(channel, "persona switch", name="sarcastic")
    result = await alice.slash(channel, "persona list")
    assert result.ephemeral
    lines = result.response.content.splitlines()
    assert [("← speaks here" in line) for line in lines] == [False, False, True]
    assert lines[0] == "🎭 **Captain Saltbeard** (`pirate`): A cheerful pirate."


class ThirdVersions(ActiveVersions):
    """Every persona speaks with a third version, except for one whose adapter could not be loaded."""

    def speaking(self, persona: str, channel_id: int | None = None) -> AdapterVersion | None:
        if persona == "sarcastic":
            raise PersonaUnavailable("The Critic")
        return AdapterVersion(persona, 3, "0" * 64, Path())


async def test_info_describes_the_persona_and_its_adapter(
    env: simcord.Env, channel: Any, alice: Any, make_bot: Any, engine: ScriptedEngine, personas_folder: Path
) -> None:
    result = await alice.slash(channel, "persona info")
    assert "**Plain** (`plain`)" in result.response.content
    assert "from its prompt alone" in result.response.content

    versions = ThirdVersions(AdapterRegistry(personas_folder), PersonaCatalog(personas_folder), engine)
    await env.restart_bot(make_bot(active_versions=versions))
    result = await alice.slash(channel, "persona info", name="Pirate")
    assert "version 3 of its adapter" in result.response.content
    assert "> Ahoy, mateys!" in result.response.content
    result = await alice.slash(channel, "persona info", name="sarcastic")
    assert "can't speak right now" in result.response.content


async def test_reset_returns_to_the_default(channel: Any, moderator: Any, store: Store) -> None:
    await moderator.slash(channel, "persona switch", name="pirate")
    result = await moderator.slash(channel, "persona reset")
    assert result.response.content == "🎭 **Plain** speaks here again."
    assert await store.channel_persona(channel.id) is None


async def test_the_choice_survives_a_restart(
    env: simcord.Env, channel: Any, moderator: Any, alice: Any, at_bot: str, make_bot: Any, engine: ScriptedEngine
) -> None:
    await moderator.slash(channel, "persona switch", name="pirate")
    await env.restart_bot(make_bot())
    await alice.send(channel, f"{at_bot} hello")
    assert "Captain Saltbeard" in system_prompt(engine)


async def test_everyone_chooses_for_their_own_direct_messages(env: simcord.Env, engine: ScriptedEngine) -> None:
    carol = env.create_user("carol")
    result = await carol.slash("persona switch", name="pirate")
    assert "Captain Saltbeard" in result.response.content
    await carol.send_dm("hello")
    assert "Captain Saltbeard" in system_prompt(engine)
    result = await carol.slash("forget")
    assert result.response.content.startswith("I've forgotten")


async def test_a_switch_in_a_thread_binds_the_thread(
    env: simcord.Env, guild: Any, channel: Any, moderator: Any, at_bot: str, engine: ScriptedEngine, store: Store
) -> None:
    started = await moderator.send(channel, "let us talk")
    with as_bot(env):
        await env.bot.get_channel(channel.id).get_partial_message(started.id).create_thread(name="aside")
    await env.settle()
    [thread] = channel.threads
    await moderator.slash(thread, "persona switch", name="sarcastic")
    assert await store.channel_persona(thread.id) == "sarcastic"
    assert await store.channel_persona(channel.id) is None


async def test_a_persona_whose_card_is_gone_is_named(
    channel: Any, alice: Any, at_bot: str, store: Store, engine: ScriptedEngine
) -> None:
    await store.set_channel_persona(channel.id, None, "ghost", alice.id)
    await alice.send(channel, f"{at_bot} hello")
    assert "There is no persona called “ghost”" in channel.last_message.content
    result = await alice.slash(channel, "persona list")
    assert "← speaks here" not in result.response.content


async def test_who_speaks_channel_then_parent_then_default(store: Store, personas_folder: Any) -> None:
    channels = ChannelPersonas(store, PersonaCatalog(personas_folder), "plain")
    assert (await channels.speaking(20, 10)).name == "plain"
    await channels.switch(10, 1, "pirate", 7)
    assert (await channels.speaking(20, 10)).name == "pirate"
    await channels.switch(20, 1, "sarcastic", 7)
    assert (await channels.speaking(20, 10)).name == "sarcastic"
    await channels.reset(20)
    assert (await channels.speaking(20, 10)).name == "pirate"
    with pytest.raises(UnknownPersona):
        await channels.switch(20, 1, "nobody", 7)


async def test_a_default_without_a_card_is_refused_at_the_edge(store: Store, personas_folder: Any) -> None:
    with pytest.raises(ConfigError, match=r"personas\.default = 'nobody'"):
        ChannelPersonas(store, PersonaCatalog(personas_folder), "nobody")
