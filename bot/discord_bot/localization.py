"""Whose language is spoken: Discord's locale of whoever reads, and the names and descriptions of commands."""

from typing import Any

import discord
from discord import app_commands

from bot.wording import ENGLISH, Audience, language_of, render

Parts = app_commands.TranslationContextLocation
TranslationContext = app_commands.TranslationContextTypes


def described(message_id: str) -> app_commands.locale_str:
    """A name or description that Discord shows, in English for those whose language has no catalogue."""
    return app_commands.locale_str(render(message_id, ENGLISH), message_id=message_id)


def audience_of(subject: Any, client: discord.Client) -> Audience:
    """Who reads what is said about an interaction, a message or another event of Discord.

    Discord tells a member's own language in interactions only; anywhere else they are spoken to in their server's.
    """
    if isinstance(subject, discord.Interaction):
        member = language_of(str(subject.locale))
        return Audience(member, language_of(str(subject.guild_locale)) if subject.guild_locale else member)
    guild = getattr(subject, "guild", None) or client.get_guild(getattr(subject, "guild_id", None) or 0)
    language = language_of(str(guild.preferred_locale)) if isinstance(guild, discord.Guild) else ENGLISH
    return Audience(language, language)


class CatalogueTranslator(app_commands.Translator):
    """Looks commands up in the catalogues; what a language lacks stays English."""

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: TranslationContext
    ) -> str | None:
        language = language_of(locale.value)
        message_id = string.extras.get("message_id") or name_id(context)
        return None if language == ENGLISH or message_id is None else render(message_id, language)


def name_id(context: TranslationContext) -> str | None:
    """The message that names a command, a group or an option."""
    if context.location in (Parts.command_name, Parts.group_name):
        return f"command-{context.data.qualified_name.replace(' ', '-')}.name"
    return f"option-{context.data.name}" if context.location is Parts.parameter_name else None
