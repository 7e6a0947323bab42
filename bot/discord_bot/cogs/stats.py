"""/stats: what members thought of a persona, as a picture and as plain numbers."""

import asyncio
import datetime
import io
import time

import discord
from discord import app_commands
from discord.ext import commands

from bot.discord_bot.controls.persona_choice import PersonaName, persona_choices
from bot.discord_bot.interactions import Interaction
from bot.discord_bot.localization import described
from bot.discord_bot.responding import acknowledge, show
from bot.personas.catalog import Persona, PersonaCatalog
from bot.store import Approval, Statistics, Store
from bot.wording import Audience, address, announce


class Stats(commands.Cog):
    def __init__(self, store: Store, catalog: PersonaCatalog) -> None:
        self._store = store
        self._catalog = catalog

    @app_commands.command(description=described("command-stats.description"))
    @app_commands.describe(
        persona=described("command-stats.option-persona"), days=described("command-stats.option-days")
    )
    async def stats(
        self, interaction: Interaction, persona: PersonaName | None = None, days: app_commands.Range[int, 1, 3650] = 30
    ) -> None:
        card = self._catalog.get(persona.lower(), interaction.guild_id) if persona else None
        await acknowledge(interaction)
        since = time.time() - datetime.timedelta(days=days).total_seconds()
        figures = await self._store.statistics(card.name if card else None, interaction.guild_id, since)
        title = _title(card, days)
        picture = await asyncio.to_thread(_picture, card, days, figures)
        heading = announce("stats-on-server" if interaction.guild_id else "stats-everywhere", title=title)
        alternative = announce("stats-picture", title=title)
        await show(
            interaction,
            f"{heading}\n{in_words(figures)}",
            file=discord.File(io.BytesIO(picture), filename="stats.png", description=alternative),
        )

    @stats.autocomplete("persona")
    async def matching(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return persona_choices(self._catalog.all(interaction.guild_id), typed)


def _title(card: Persona | None, days: int) -> str:
    if card is None:
        return announce("stats-title-all", days=days)
    return announce("stats-title", name=card.display_name, days=days)


def _picture(card: Persona | None, days: int, figures: Statistics) -> bytes:
    """For a thread: whom it addresses is its own affair."""
    # matplotlib takes half a second and 40 MB: only when somebody asks
    from bot.discord_bot.approval_chart import approval_chart, can_draw

    if not can_draw(announce("chart-by-day")):
        address(Audience())
    return approval_chart(_title(card, days), figures)


def in_words(figures: Statistics) -> str:
    """The figures in a few lines."""
    if not figures.replies:
        return announce("stats-no-replies")
    votes = figures.votes
    lines = [
        announce(
            "stats-votes",
            replies=figures.replies,
            up=votes.up,
            down=votes.down,
            share=_share(votes.up, votes.down),
            corrections=figures.corrections,
            comparisons=figures.comparisons,
        )
    ]
    if figures.versions:
        lines.append(announce("stats-by-version", versions="; ".join(map(_version, figures.versions[-8:]))))
    if figures.reasons:
        reasons = [announce("stats-reason", reason=reason, count=count) for reason, count in figures.reasons.items()]
        lines.append(announce("stats-reasons", reasons=", ".join(reasons)))
    if first := figures.first_token_s:
        lines.append(announce("stats-first-word", usual=round(first[50], 1), most=round(first[95], 1)))
    if whole := figures.total_s:
        lines.append(announce("stats-whole-reply", usual=round(whole[50], 1), most=round(whole[95], 1)))
    return "\n".join(lines)


def _version(version: Approval) -> str:
    return announce(
        "stats-version",
        name=announce("stats-prompt-only") if version.key is None else f"v{version.key}",
        replies=version.replies,
        up=version.up,
        down=version.down,
        share=_share(version.up, version.down),
    )


def _share(up: int, down: int) -> str:
    return f" ({announce('stats-share', percent=round(100 * up / (up + down)))})" if up + down else ""
