"""/train, /versions, /rollback and /health: for the people who run the bot."""

import json
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord

from bot.discord_bot.access import Operators
from bot.personas.catalog import Persona, PersonaCatalog
from bot.store import Store
from bot.versions.canary import Canary, write_canary
from bot.versions.registry import AdapterRegistry
from tests.discord_bot.conftest import MakeBot, handled


@pytest.fixture
async def operator(env: simcord.Env, guild: Any, make_bot: MakeBot) -> Any:
    role = guild.create_role("Operators", permissions=discord.Permissions(manage_guild=True))
    await env.restart_bot(make_bot(operators=Operators(roles=frozenset({role.id}))))
    return guild.add_member(env.create_user("operator"), roles=[role])


@pytest.fixture
def two_versions(personas_folder: Path) -> None:
    for number in (1, 2):
        version = personas_folder / "pirate" / "versions" / str(number)
        version.mkdir(parents=True)
        manifest = {"adapter_sha256": "ab", "created_at": f"2026-01-0{number}T00:00:00+00:00", "rows": {"seed": 80}}
        (version / "manifest.json").write_text(json.dumps(manifest))
    (personas_folder / "pirate" / "active").write_text("2\n")


async def test_commands_for_operators_are_hidden_from_members(channel: Any, operator: Any, alice: Any) -> None:
    for command, options in (("health", {}), ("train", {"persona": "pirate"})):
        with pytest.raises(simcord.SetupError, match="default-member-permissions"):
            await alice.slash(channel, command, **options)


async def test_operating_is_refused_to_everybody_else(
    env: simcord.Env, guild: Any, channel: Any, operator: Any, tmp_path: Path
) -> None:
    role = guild.create_role("Managers", permissions=discord.Permissions(manage_guild=True))
    manager = guild.add_member(env.create_user("manager"), roles=[role])
    commands: dict[str, dict[str, Any]] = {
        "train": {"persona": "pirate"}, "rollback": {"persona": "pirate", "version": 1}, "health": {},
    }  # fmt: skip
    for command, options in commands.items():
        result = await manager.slash(channel, command, **options)
        assert result.ephemeral, command
        assert result.response.content == "Only the people who run this bot can do that.", command
    assert handled(env) == ["NotAllowed"] * 3
    assert not (tmp_path / "seen.json").exists()


async def test_a_training_ends_in_its_verdict_with_the_report(channel: Any, operator: Any, tmp_path: Path) -> None:
    result = await operator.slash(channel, "train", persona="Pirate")
    shown = result.response
    assert shown.content == "🎭 **Captain Saltbeard**: version 2 is better and speaks, starting with the next reply."
    [report] = shown.attachments
    assert report.filename == "pirate-v2.json"
    assert json.loads(await report.read())["report"]["accepted"] is True


async def test_a_refused_version_is_said_to_be_so(channel: Any, operator: Any, tmp_path: Path) -> None:
    (tmp_path / "script.json").write_text('{"accepted": false}')
    result = await operator.slash(channel, "train", persona="pirate")
    assert result.response.content.splitlines() == [
        "🎭 **Captain Saltbeard**: version 2 was refused and will not speak.",
        "✗ held-out liked replies: better",
    ], "the verdict and what failed; the report tells the rest"


async def test_a_servers_own_persona_needs_a_folder_to_be_trained(
    env: simcord.Env, make_bot: Any, guild: Any, channel: Any, operator: Any, personas_folder: Path
) -> None:
    catalog = PersonaCatalog(personas_folder)
    catalog.add_made(guild.id, Persona(name="crow", display_name="Crow", description="A bird."))
    operators = Operators(members=frozenset({operator.id}))
    await env.restart_bot(make_bot(catalog=catalog, operators=operators))
    result = await operator.slash(channel, "train", persona="crow")
    assert "`python -m training adopt crow`" in result.response.content
    assert handled(env) == ["MemberError"]


async def test_a_training_that_fails_says_so_and_the_log_says_why(
    channel: Any, operator: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "script.json").write_text('{"error": "There are too few rows."}')
    result = await operator.slash(channel, "train", persona="pirate")
    assert "the training failed" in result.response.content
    assert "/train pirate: There are too few rows." in caplog.text


async def test_progress_is_shown_as_a_bar(
    env: simcord.Env, channel: Any, operator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = []
    emit = env.backend.emit

    def watched(event: str, payload: Any) -> None:
        shown.append(str(payload.get("content", "")))
        emit(event, payload)

    monkeypatch.setattr(env.backend, "emit", watched)
    await operator.slash(channel, "train", persona="pirate")
    assert "🎭 **Captain Saltbeard**: training … `▱▱▱▱▱▱▱▱▱▱▱▱▱▱▱▱▱▱▱▱`" in shown
    assert "🎭 **Captain Saltbeard**: training … `▰▰▰▰▰▰▰▰▰▰▱▱▱▱▱▱▱▱▱▱` step 2 of 4, loss 1.000" in shown


async def test_only_personas_with_a_folder_are_trained(env: simcord.Env, channel: Any, operator: Any) -> None:
    result = await operator.slash(channel, "train", persona="../etc")
    assert "no persona called" in result.response.content
    assert handled(env) == ["UnknownPersona"]


@pytest.mark.usefixtures("two_versions")
async def test_versions_tell_who_speaks_and_how_each_was_liked(channel: Any, alice: Any) -> None:
    result = await alice.slash(channel, "versions", persona="pirate")
    assert result.ephemeral
    assert result.response.content.splitlines()[1:] == [
        "`v2`, made 2026-01-02, from 80 seed **← speaks**",
        "`v1`, made 2026-01-01, from 80 seed",
    ]
    result = await alice.slash(channel, "versions", persona="plain")
    assert "no adapter yet" in result.response.content


@pytest.mark.usefixtures("two_versions")
async def test_versions_mark_those_that_the_gate_refused(channel: Any, alice: Any, personas_folder: Path) -> None:
    version = AdapterRegistry(personas_folder).version("pirate", 1)
    reports = personas_folder / "pirate" / "reports"
    reports.mkdir()
    (reports / "1.json").write_text(json.dumps({"accepted": False, "adapter_sha256": version.sha256}))
    (reports / "2.json").write_text(json.dumps({"accepted": False, "adapter_sha256": "of other weights"}))
    shown = (await alice.slash(channel, "versions", persona="pirate")).response.content.splitlines()[1:]
    assert shown == [
        "`v2`, made 2026-01-02, from 80 seed **← speaks**",
        "`v1`, made 2026-01-01, from 80 seed, refused by the gate",
    ]


@pytest.mark.usefixtures("two_versions")
async def test_versions_and_info_tell_that_an_adapter_is_for_another_base_model(
    env: simcord.Env, make_bot: Any, channel: Any, alice: Any, personas_folder: Path
) -> None:
    for number in (1, 2):
        file = personas_folder / "pirate" / "versions" / str(number) / "manifest.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), "base_fingerprint": "another"}))
    await env.restart_bot(make_bot(registry=AdapterRegistry(personas_folder, "this one")))
    shown = (await alice.slash(channel, "versions", persona="pirate")).response.content
    assert shown.count("for another base model") == 3
    assert "it speaks from its card" in shown
    told = (await alice.slash(channel, "persona info", name="pirate")).response.content
    assert "it speaks from its card" in told


@pytest.mark.usefixtures("two_versions")
async def test_versions_tell_of_canaries_reasons_and_deleted_words(
    channel: Any, alice: Any, personas_folder: Path
) -> None:
    folder, registry = personas_folder / "pirate", AdapterRegistry(personas_folder)
    write_canary(registry, "pirate", Canary(1, 0.2, 1_790_000_000.0))
    change = {
        "at": "2026-01-03T00:00:00",
        "action": "canary rolled back",
        "number": 1,
        "reason": "3 of 40 liked it",
    }
    (folder / "promotions.jsonl").write_text(json.dumps(change) + "\n")
    (folder / "marked.json").write_text('{"2": 1790000000.0}')
    shown = (await alice.slash(channel, "versions", persona="pirate")).response.content.splitlines()
    assert "🐤 v1 speaks in 20% of the channels since 2026-09-21 14:13 UTC. Votes decide which one stays." in shown
    assert "Last change, 2026-01-03: canary rolled back v1, 3 of 40 liked it." in shown
    assert "⚠️ v2 learned from words that are deleted by now, and will be replaced." in shown


@pytest.mark.usefixtures("two_versions")
async def test_a_rollback_lets_an_earlier_version_speak(
    env: simcord.Env, channel: Any, operator: Any, tmp_path: Path
) -> None:
    choices = await operator.autocomplete(channel, "rollback", "version", "", persona="pirate")
    assert [choice["value"] for choice in choices] == [2, 1]
    result = await operator.slash(channel, "rollback", persona="pirate", version=1)
    assert "version 1 speaks again" in result.response.content
    assert json.loads((tmp_path / "seen.json").read_text())["argv"][:4] == ["rollback", "pirate", "--to", "1"]
    await operator.slash(channel, "rollback", persona="pirate", version=7)
    assert handled(env) == ["MemberError"]


@pytest.mark.usefixtures("two_versions")
async def test_health_shows_every_part(channel: Any, operator: Any, alice: Any, at_bot: str, store: Store) -> None:
    await alice.send(channel, f"{at_bot} hello")
    result = await operator.slash(channel, "health")
    assert result.ephemeral
    for part in (
        "**Engine** scripted",
        "0 of 64 rows running",
        "**Memory**",
        "1 reply, 0 votes",
        "**Up for**",
        "**Versions** pirate v2\n",
    ):
        assert part in result.response.content, part


@pytest.mark.usefixtures("two_versions")
async def test_health_is_told_although_a_pointer_is_damaged(channel: Any, operator: Any, personas_folder: Path) -> None:
    (personas_folder / "pirate" / "active").write_text("two\n")
    result = await operator.slash(channel, "health")
    assert "**Versions** pirate v?\n" in result.response.content


async def test_the_owner_of_the_application_operates_it(env: simcord.Env, channel: Any, guild: Any, alice: Any) -> None:
    role = guild.create_role("Managers", permissions=discord.Permissions(manage_guild=True))
    manager = guild.add_member(env.create_user("manager"), roles=[role])
    env.bot.application.owner = env.bot.get_user(manager.id) or manager
    result = await manager.slash(channel, "health")
    assert "**Engine**" in result.response.content
