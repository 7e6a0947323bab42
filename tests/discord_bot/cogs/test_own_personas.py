"""A server's own personas: made in a form or from a card, changed, exported, deleted, and theirs alone."""

import json
from typing import Any

import discord
import pytest
import simcord

from bot.store import Store
from bot.wording import say
from tests.discord_bot.conftest import MakeBot, handled
from tests.discord_bot.talk import whispered
from tests.fakes import ScriptedEngine

WIZARD = {
    "display_name": "The Wizard",
    "description": "Speaks in spells.",
    "system_prompt": "You are a wizard.",
    "greeting": "Abracadabra!",
    "avatar": "🧙",
}


@pytest.fixture
def owner(env: simcord.Env, guild: Any) -> Any:
    permissions = discord.Permissions(manage_guild=True, manage_channels=True, manage_webhooks=True)
    return guild.add_member(env.create_user("owner"), roles=[guild.create_role("Owners", permissions=permissions)])


async def create(owner: Any, channel: Any, **changes: str) -> Any:
    form = await owner.slash(channel, "persona create")
    return await owner.submit_modal(form, {**WIZARD, **changes})


def read(engine: ScriptedEngine) -> str:
    return "".join(map(chr, engine.requests[-1].prompt_ids))


async def test_a_new_persona_speaks_at_once(
    channel: Any, owner: Any, alice: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    result = await create(owner, channel)
    assert result.response.content.startswith("🧙 **The Wizard** (`the-wizard`) is ready")
    result = await owner.slash(channel, "persona switch", name="the-wizard")
    assert result.response.content == "🧙 **The Wizard** speaks here now.\nAbracadabra!"
    await alice.send(channel, f"{at_bot} hello")
    assert "You are a wizard." in read(engine)
    info = await alice.slash(channel, "persona info")
    assert "from its prompt alone" in info.response.content


async def test_a_persona_belongs_to_its_server(
    env: simcord.Env, channel: Any, owner: Any, alice: Any, store: Store
) -> None:
    await create(owner, channel)
    listed = await alice.slash(channel, "persona list")
    assert "(`the-wizard`): Speaks in spells. *(this server's own)*" in listed.response.content
    elsewhere = env.create_guild("Elsewhere")
    there = elsewhere.create_text_channel("general")
    stranger = elsewhere.add_member(env.create_user("stranger"))
    listed = await stranger.slash(there, "persona list")
    assert "wizard" not in listed.response.content
    assert await stranger.autocomplete(there, "persona info", "name", "wiz") == []
    assert [c["value"] for c in await alice.autocomplete(channel, "persona info", "name", "wiz")] == ["the-wizard"]
    await stranger.slash(there, "persona info", name="the-wizard")
    assert handled(env) == ["UnknownPersona"]


async def test_a_persona_survives_a_restart(
    env: simcord.Env, channel: Any, owner: Any, alice: Any, make_bot: MakeBot
) -> None:
    await create(owner, channel)
    await env.restart_bot(make_bot())
    info = await alice.slash(channel, "persona info", name="the-wizard")
    assert "> Abracadabra!" in info.response.content


async def test_making_and_changing_personas_needs_manage_server(
    env: simcord.Env, channel: Any, owner: Any, alice: Any
) -> None:
    await create(owner, channel)
    card = ("card.json", b"{}")
    commands: dict[str, dict[str, Any]] = {
        "create": {}, "edit": {"name": "the-wizard"}, "delete": {"name": "the-wizard"},
        "export": {"name": "the-wizard"}, "import": {"card": card},
    }  # fmt: skip
    for command, options in commands.items():
        result = await alice.slash(channel, f"persona {command}", **options)
        assert result.ephemeral, command
        assert "Manage Server" in result.response.content, command
    assert handled(env) == ["NotAllowed"] * 5


async def test_a_form_that_is_refused_can_be_opened_again_with_what_was_typed(channel: Any, owner: Any) -> None:
    refused = await create(owner, channel, display_name="Pirate", greeting="Typed with care.")
    assert "already a persona called “pirate”" in whispered(refused)
    again = await owner.click(refused.followups[-1], label="Open the form again")
    defaults = {row["component"]["custom_id"]: row["component"].get("value") for row in again.modal["components"]}
    assert defaults["greeting"] == "Typed with care."
    made = await owner.submit_modal(again, {**WIZARD, "display_name": "Sea Wizard"})
    assert "`sea-wizard`" in made.response.content


async def test_a_short_name_is_checked(env: simcord.Env, channel: Any, owner: Any) -> None:
    form = await owner.slash(channel, "persona create", name="../etc")
    refused = await owner.submit_modal(form, WIZARD)
    assert "doesn't work as a short name" in refused.response.content
    form = await owner.slash(channel, "persona create", name="Gandalf")
    made = await owner.submit_modal(form, WIZARD)
    assert "`gandalf`" in made.response.content


async def test_a_persona_is_changed_in_a_form_that_shows_it(
    env: simcord.Env, channel: Any, owner: Any, alice: Any
) -> None:
    await create(owner, channel)
    form = await owner.slash(channel, "persona edit", name="the-wizard")
    shown = {row["component"]["custom_id"]: row["component"].get("value") for row in form.modal["components"]}
    assert shown == WIZARD
    result = await owner.submit_modal(form, {**WIZARD, "greeting": "Hocus pocus!"})
    assert "is changed" in result.response.content
    info = await alice.slash(channel, "persona info", name="the-wizard")
    assert "> Hocus pocus!" in info.response.content
    refused = await owner.slash(channel, "persona edit", name="pirate")
    assert "came with the bot" in refused.response.content
    assert handled(env) == ["BadPersona"]


async def test_a_deleted_persona_leaves_its_card_and_its_channels_to_the_default(
    channel: Any, owner: Any, alice: Any, at_bot: str, engine: ScriptedEngine
) -> None:
    await create(owner, channel)
    await owner.slash(channel, "persona switch", name="the-wizard")
    assert [c["value"] for c in await owner.autocomplete(channel, "persona delete", "name", "")] == ["the-wizard"]
    result = await owner.slash(channel, "persona delete", name="the-wizard")
    [card] = result.response.attachments
    assert json.loads(await card.read())["data"]["name"] == "The Wizard"
    await alice.send(channel, f"{at_bot} hello")
    assert "You are Plain." in read(engine)


async def test_a_card_goes_out_and_comes_back(channel: Any, owner: Any, alice: Any) -> None:
    await create(owner, channel)
    exported = await owner.slash(channel, "persona export", name="the-wizard")
    assert exported.ephemeral
    [file] = exported.response.attachments
    assert file.filename == "the-wizard.json"
    card = (file.filename, await file.read())
    result = await owner.slash(channel, "persona import", card=card, name="twin")
    assert result.response.content.startswith("🧙 **The Wizard** (`twin`) is ready")
    await owner.slash(channel, "persona delete", name="twin")
    await owner.slash(channel, "persona delete", name="the-wizard")
    result = await owner.slash(channel, "persona import", card=card)
    assert "`the-wizard`" in result.response.content
    info = await alice.slash(channel, "persona info", name="the-wizard")
    assert "Speaks in spells." in info.response.content


async def test_a_file_that_is_no_card_is_a_sentence(env: simcord.Env, channel: Any, owner: Any) -> None:
    for data, said in ((b"\x89PNG\r\n\x1a\n", "no character card in that picture"), (b"hello", "not a character card")):
        result = await owner.slash(channel, "persona import", card=("card.png", data))
        assert said in whispered(result)
        assert result.response is None, "nothing of it stays in public"
    assert handled(env) == ["BadCard", "BadCard"]


async def test_a_lorebook_that_cannot_be_used_is_mentioned(channel: Any, owner: Any) -> None:
    card = {"data": {"name": "Ada", "description": "A smith.", "character_book": {"entries": [{"content": "Old."}]}}}
    result = await owner.slash(channel, "persona import", card=("ada.json", json.dumps(card).encode()))
    assert "I left out 1 entry of its lorebook" in result.response.content


async def test_direct_messages_have_no_personas_of_their_own(env: simcord.Env) -> None:
    user = env.create_user("carol")
    result = await user.slash("persona create")
    assert "belong to that server" in result.response.content
    assert handled(env) == ["MemberError"]


async def test_auto_reply_explains_the_intent_it_needs(
    env: simcord.Env, channel: Any, owner: Any, store: Store, make_bot: MakeBot
) -> None:
    result = await owner.slash(channel, "persona switch", name="pirate", auto_reply=True)
    assert result.response.content == say("persona-needs-intent")
    assert handled(env) == ["MemberError"]
    assert await store.channel_persona(channel.id) is None
    await env.restart_bot(make_bot(message_content=True))
    result = await owner.slash(channel, "persona switch", name="pirate", auto_reply=True)
    assert "answers every message here" in result.response.content
    assert await store.auto_reply(channel.id)
    await owner.slash(channel, "persona switch", name="pirate")
    assert not await store.auto_reply(channel.id)


async def test_identity_is_switched_with_manage_webhooks(
    env: simcord.Env, guild: Any, channel: Any, owner: Any, alice: Any, store: Store
) -> None:
    result = await alice.slash(channel, "persona identity", on=True)
    assert "Manage Webhooks" in result.response.content
    assert handled(env) == ["NotAllowed"]
    result = await owner.slash(channel, "persona identity", on=True)
    assert "under their own name" in result.response.content
    assert await store.has_identity(channel.id)
    result = await owner.slash(channel, "persona identity", on=False)
    assert "under my name" in result.response.content
    assert not await store.has_identity(channel.id)


async def test_an_imported_name_and_greeting_ping_and_invite_nobody(channel: Any, owner: Any) -> None:
    card = {"name": "@everyone \u202eAda", "first_mes": "Join discord.com//invite/abc, @here!"}
    await owner.slash(channel, "persona import", card=("ada.json", json.dumps(card).encode()), name="ada")
    shown = (await owner.slash(channel, "persona switch", name="ada")).response.content
    assert shown == ("🎭 **@\u200beveryone Ada** speaks here now.\nJoin discord\u200b.com//invite/abc, @\u200bhere!")
