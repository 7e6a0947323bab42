"""/stats: what members thought of a persona, as a picture and as plain numbers."""

import asyncio
import datetime
import io
import time
from collections.abc import Mapping

import discord
from discord import app_commands
from discord.ext import commands

from bot.discord_bot.cogs.personas import Name, choices
from bot.discord_bot.controls.dislike_reasons import LABELS
from bot.discord_bot.interactions import Interaction
from bot.personas.catalog import PersonaCatalog
from bot.store import Approval, Statistics, Store


class Stats(commands.Cog):
    def __init__(self, store: Store, catalog: PersonaCatalog) -> None:
        self._store = store
        self._catalog = catalog

    @app_commands.command(description="What members think of a persona: approval over time and by version.")
    @app_commands.describe(persona="The persona; without one, all of them.", days="How far back (30).")
    async def stats(
        self, interaction: Interaction, persona: Name | None = None, days: app_commands.Range[int, 1, 3650] = 30
    ) -> None:
        card = self._catalog.get(persona.lower(), interaction.guild_id) if persona else None
        await interaction.response.defer(thinking=True)
        since = time.time() - datetime.timedelta(days=days).total_seconds()
        figures = await self._store.statistics(card.name if card else None, interaction.guild_id, since)
        title = f"{card.display_name if card else 'All personas'}, last {days} days"
        picture = await asyncio.to_thread(_picture, title, figures)
        where = "on this server" if interaction.guild_id else "everywhere"
        await interaction.followup.send(
            f"**{title}**, {where}\n{described(figures)}",
            file=discord.File(io.BytesIO(picture), filename="stats.png", description=f"Approval: {title}"),
        )

    @stats.autocomplete("persona")
    async def matching(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return choices(self._catalog.all(interaction.guild_id), typed)


def _picture(title: str, figures: Statistics) -> bytes:
    from bot.discord_bot.approval_chart import (
        approval_chart,  # matplotlib takes half a second and 40 MB: only when somebody asks
    )

    return approval_chart(title, figures)


def described(figures: Statistics) -> str:
    """The figures in a few lines."""
    if not figures.replies:
        return "No replies yet."
    votes = figures.votes
    lines = [
        f"Replies: {figures.replies}. 👍 {votes.up}, 👎 {votes.down}{_percent(votes.up, votes.down)}. "
        f"Better answers: {figures.corrections}. Choices between two answers: {figures.comparisons}."
    ]
    if figures.versions:
        lines.append("By version: " + "; ".join(map(_version, figures.versions[-8:])) + ".")
    if figures.reasons:
        labelled: dict[str, str] = {reason: label.lower() for reason, (_, label) in LABELS.items()}
        reasons = ", ".join(f"{labelled.get(reason, reason)} {count}" for reason, count in figures.reasons.items())
        lines.append(f"Why 👎: {reasons}.")
    lines.append(f"Response times: first word {_times(figures.first_token_s)}; whole reply {_times(figures.total_s)}.")
    return "\n".join(lines)


def _version(version: Approval) -> str:
    name = "prompt only" if version.key is None else f"v{version.key}"
    replies = f"{version.replies} {'reply' if version.replies == 1 else 'replies'}"
    return f"{name}: {replies}, 👍 {version.up} 👎 {version.down}{_percent(version.up, version.down)}"


def _percent(up: int, down: int) -> str:
    return f" ({100 * up / (up + down):.0f} %)" if up + down else ""


def _times(times: Mapping[int, float]) -> str:
    return f"{times[50]:.1f} s (median), {times[95]:.1f} s (95 of 100 are faster)" if times else "not known"
