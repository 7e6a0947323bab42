"""A slash command's option that names a persona, and what Discord suggests while a member types it."""

from collections.abc import Iterable

from discord import app_commands

from bot.personas.catalog import Persona

MOST_CHOICES = 25  # Discord shows no more
PersonaName = app_commands.Range[str, 1, 32]


def persona_choices(personas: Iterable[Persona], typed: str) -> list[app_commands.Choice[str]]:
    """The personas whose name, short or full, contains what was typed."""
    wanted = typed.strip().lower()
    found = [p for p in personas if wanted in p.name or wanted in p.display_name.lower()]
    return [app_commands.Choice(name=f"{p.display_name} ({p.name})", value=p.name) for p in found[:MOST_CHOICES]]
