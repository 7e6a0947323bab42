"""Commands and sentences in the language that Discord says somebody reads."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest
import regex  # type: ignore[import-untyped]
import simcord
from discord import app_commands

from bot.discord_bot.client import TroupeBot
from bot.discord_bot.localization import CatalogueTranslator, audience_of
from bot.wording import ENGLISH, Audience, languages, render

# https://discord.com/developers/docs/interactions/application-commands#application-command-object
NAME = regex.compile(r"[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}")
LOCALES = {"en": "en-US", "de": "de", "es": "es-ES", "fr": "fr", "ja": "ja", "pt-BR": "pt-BR"}
TRANSLATED = [language for language in languages() if language != ENGLISH]

Payload = dict[str, Any]


async def payloads(bot: TroupeBot) -> list[Payload]:
    return [
        await command.get_translated_payload(bot.tree, CatalogueTranslator()) for command in bot.tree.get_commands()
    ]


def parts(payload: Payload) -> Iterator[Payload]:
    """The command, its subcommands, its options and their choices."""
    yield payload
    for part in [*payload.get("options", []), *payload.get("choices", [])]:
        yield from parts(part)


def named(command: app_commands.Command[Any, ..., Any] | app_commands.Group) -> str:
    return f"command-{command.qualified_name.replace(' ', '-')}"


async def test_every_command_has_its_english_name_and_texts_from_the_catalogue(env: simcord.Env) -> None:
    bot = cast(TroupeBot, env.bot)
    for command in bot.tree.walk_commands():
        assert render(f"{named(command)}.name", ENGLISH) == command.name
        assert render(f"{named(command)}.description", ENGLISH) == command.description
        for option in getattr(command, "parameters", []):
            assert render(f"option-{option.name}", ENGLISH) == option.name
            assert render(f"{named(command)}.option-{option.name}", ENGLISH) == str(option.description)


@pytest.mark.parametrize("language", TRANSLATED)
async def test_everything_members_see_of_a_command_is_translated(env: simcord.Env, language: str) -> None:
    locale = LOCALES[language]
    for command in await payloads(cast(TroupeBot, env.bot)):
        for part in parts(command):
            assert locale in part["name_localizations"], f"{command['name']}: {part['name']}"
            assert not part.get("description") or locale in part["description_localizations"], part["description"]


async def test_names_and_descriptions_keep_discords_rules_in_every_language(env: simcord.Env) -> None:
    for command in await payloads(cast(TroupeBot, env.bot)):
        siblings: dict[tuple[str, str], list[str]] = {}
        for part in parts(command):
            names = {"en": part["name"], **(part.get("name_localizations") or {})}
            free = "value" in part or command["type"] != 1  # choices and menus may have spaces and capitals
            for locale, name in names.items():
                assert 1 <= len(name) <= (100 if "value" in part else 32), f"{locale}: {name}"
                assert free or (NAME.fullmatch(name) and name == name.lower()), f"{locale}: {name}"
            for text in [part.get("description") or "-", *(part.get("description_localizations") or {}).values()]:
                assert 1 <= len(text) <= 100, text
            for child in part.get("options", []):
                for locale, name in {"en": child["name"], **(child.get("name_localizations") or {})}.items():
                    siblings.setdefault((part["name"], locale), []).append(name)
        for where, children in siblings.items():
            assert len(set(children)) == len(children), f"{where}: two options of one name"


@pytest.mark.parametrize("language", languages())
async def test_no_two_commands_have_the_same_name(env: simcord.Env, language: str) -> None:
    commands = cast(TroupeBot, env.bot).tree.get_commands()
    names = [render(f"{named(c)}.name", language) for c in commands if not isinstance(c, app_commands.ContextMenu)]
    assert len(set(names)) == len(names)


def interaction(locale: str, guild_locale: str | None) -> Any:
    found = discord.Interaction.__new__(discord.Interaction)
    found.locale = discord.Locale(locale)
    found.guild_locale = discord.Locale(guild_locale) if guild_locale else None
    return found


def test_an_interaction_speaks_to_the_member_and_to_the_server() -> None:
    client: Any = SimpleNamespace()
    assert audience_of(interaction("en-GB", "ko"), client) == Audience("en", "en")
    assert audience_of(interaction("tr", None), client) == Audience("en", "en")


def test_what_nobody_is_known_to_read_is_english() -> None:
    client: Any = SimpleNamespace(get_guild=lambda _: None)
    assert audience_of(None, client) == audience_of(SimpleNamespace(guild_id=3), client) == Audience()


async def test_a_german_server_is_answered_in_german(env: simcord.Env, at_bot: str) -> None:
    tavern = env.create_guild("Zum Anker", preferred_locale="de")
    channel, member = tavern.create_text_channel("allgemein"), tavern.add_member(env.create_user("anna"))
    await member.send(channel, at_bot, attachments=[("bild.png", b"png")])
    assert channel.last_message.content == render("no-text", "de")
    assert channel.last_message.content != render("no-text", ENGLISH)
