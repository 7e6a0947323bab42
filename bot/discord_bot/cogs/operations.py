"""Operating the bot from Discord: /train, /versions, /rollback and /health. Training itself is a subprocess."""

import asyncio
import io
import json
import logging
import time
from collections.abc import Sequence
from typing import Any

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands

from bot.conversation.core import Core
from bot.discord_bot.controls.persona_choice import PersonaName, persona_choices
from bot.discord_bot.failures import explain
from bot.discord_bot.interactions import Interaction, client_of
from bot.discord_bot.localization import described
from bot.discord_bot.replying.headers import titled
from bot.discord_bot.replying.splitting import split
from bot.discord_bot.responding import acknowledge, show
from bot.errors import AdapterError, MemberError
from bot.personas.catalog import Persona
from bot.posix import most_memory_used
from bot.retraining.runs import RunOutcome, TrainingProgress, TrainingRuns
from bot.store import Approval
from bot.versions.canary import last_change, read_canary
from bot.versions.rebuild_marks import marked
from bot.versions.registry import read_manifest
from bot.versions.verdicts import was_refused
from bot.wording import announce, say

log = logging.getLogger(__name__)

BAR = 20  # characters
SHOWN_VERSIONS = 15  # the newest ones


class Operations(commands.Cog):
    """`progress_seconds`: between two looks at a training's progress."""

    def __init__(self, bot: commands.Bot, core: Core, runs: TrainingRuns, *, progress_seconds: float) -> None:
        self._bot = bot
        self._core = core
        self._store = core.store
        self._catalog = core.catalog
        self._registry = core.registry
        self._problem = core.active_versions.problem
        self._runs = runs
        self._progress_seconds = progress_seconds

    @app_commands.command(description=described("command-train.description"))
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.describe(persona=described("command-train.option-persona"))
    async def train(self, interaction: Interaction, persona: PersonaName) -> None:
        client_of(interaction).access_check.check_operator(interaction)
        self._refuse_server_made(persona, interaction.guild_id)
        card = self._trainable(persona)
        await acknowledge(interaction)
        log.info("%s: member %d asked for a training", card.name, interaction.user.id)
        message = await self._waiting(interaction, card)
        async with self._runs.train(card.name) as run:
            if message is None:
                await show(interaction, _shown_progress(card, None))
                message = await self._message(interaction)
            else:
                await _edit(message, content=_shown_progress(card, None))
            shown_at = time.monotonic()
            try:
                async for progress in run:
                    if time.monotonic() - shown_at >= self._progress_seconds:
                        shown_at = time.monotonic()
                        await _edit(message, content=_shown_progress(card, progress))
            except Exception as error:  # noqa: BLE001 (the boundary: the message tells how it ended)
                sentence = explain(error, f"/train {card.name}", announce)
                failed = announce("train-failed", persona=titled(card), why=sentence)
                await _edit(message, content=failed)
                return
        report = io.BytesIO(json.dumps(run.outcome.facts, ensure_ascii=False, indent=2).encode())
        file = discord.File(report, filename=f"{card.name}-v{run.outcome.number}.json")
        await _edit(message, content=_verdict(card, run.outcome), attachments=[file])

    async def _waiting(
        self, interaction: Interaction, card: Persona
    ) -> discord.PartialMessage | discord.InteractionMessage | None:
        """While another persona is trained, the message that says so."""
        others = [self._catalog.get(name).display_name for name in self._runs.running if name != card.name]
        if not others or card.name in self._runs.running:
            return None
        await show(interaction, announce("train-waiting", persona=titled(card), other=", ".join(others)))
        return await self._message(interaction)

    @app_commands.command(description=described("command-versions.description"))
    @app_commands.describe(persona=described("command-versions.option-persona"))
    async def versions(self, interaction: Interaction, persona: PersonaName) -> None:
        card = self._trainable(persona)
        await acknowledge(interaction, ephemeral=True)
        figures = await self._store.statistics(card.name)
        approval = {version.key: version for version in figures.versions}
        lines = await asyncio.to_thread(self._version_lines, card, approval)
        if problem := self._problem(card.name):
            log.warning("%s: its active version does not speak: %s", card.name, problem)
            lines.append(say("versions-unloaded"))
        for part in split("\n".join([titled(card), *lines])):
            await show(interaction, part, ephemeral=True)

    @app_commands.command(description=described("command-rollback.description"))
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.describe(
        persona=described("command-rollback.option-persona"), version=described("command-rollback.option-version")
    )
    async def rollback(
        self, interaction: Interaction, persona: PersonaName, version: app_commands.Range[int, 1]
    ) -> None:
        client_of(interaction).access_check.check_operator(interaction)
        card = self._trainable(persona)
        await acknowledge(interaction)
        if version not in await asyncio.to_thread(self._registry.numbers, card.name):
            raise MemberError("rollback-no-version", name=card.display_name, number=str(version))
        log.info("%s: member %d asked for v%d", card.name, interaction.user.id, version)
        await self._runs.rollback(card.name, version)
        await show(interaction, announce("rollback-done", persona=titled(card), number=str(version)))

    @app_commands.command(description=described("command-health.description"))
    @app_commands.default_permissions(manage_guild=True)
    async def health(self, interaction: Interaction) -> None:
        client_of(interaction).access_check.check_operator(interaction)
        await acknowledge(interaction, ephemeral=True)
        status = self._core.engine.status()
        replies, votes = await self._store.counts()
        size = await self._store.size_bytes()
        versions = await asyncio.to_thread(self._active_versions)
        lines = [
            say("health-engine", model=status.model, device=status.device, precision=status.precision),
            say("health-queue", running=status.running, most=status.max_rows, waiting=status.waiting),
            say("health-memory", megabytes=round(_memory_mb())),
            say("health-versions", versions=", ".join(versions)) if versions else say("health-no-versions"),
            _adapters(status.resident),
            say("health-database", replies=replies, votes=votes, megabytes=round(size / 1e6, 1)),
            _trainings(self._runs.running),
            _uptime(time.time() - self._core.started_at, self._bot.latency),
        ]
        for persona in self._catalog.all():
            if problem := self._problem(persona.name):
                lines.append(f"⚠️ **{persona.display_name}** {problem}")
        await show(interaction, split("\n".join(lines))[0], ephemeral=True)

    @train.autocomplete("persona")
    @versions.autocomplete("persona")
    @rollback.autocomplete("persona")
    async def matching(self, _interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return persona_choices(self._catalog.all(), typed)

    @rollback.autocomplete("version")
    async def matching_version(self, interaction: Interaction, _typed: str) -> list[app_commands.Choice[int]]:
        persona = str(getattr(interaction.namespace, "persona", "")).lower()
        if not self._catalog.is_shipped(persona):
            return []
        numbers = await asyncio.to_thread(self._registry.numbers, persona)
        return [
            app_commands.Choice(name=say("rollback-choice", number=str(number)), value=number)
            for number in numbers[::-1][:25]
        ]

    def _trainable(self, name: str) -> Persona:
        """A persona with a folder. A server's own ones speak from their prompt alone. Raises UnknownPersona."""
        return self._catalog.get(name.lower())

    def _refuse_server_made(self, name: str, guild_id: int | None) -> None:
        """A server's own persona can be trained once it has a folder."""
        own = guild_id is not None and name.lower() in self._catalog.names(guild_id)
        if own and not self._catalog.is_shipped(name.lower()):
            raise MemberError("train-server-made", name=name.lower())

    def _active_versions(self) -> list[str]:
        shown = []
        for name in self._catalog.names():
            try:
                number = self._registry.active_number(name)
            except AdapterError:
                shown.append(f"{name} v?")  # what is wrong with it is told as the persona's problem
            else:
                shown += [f"{name} v{number}"] if number is not None else []
        return shown

    def _version_lines(self, card: Persona, approval: dict[int | None, Approval]) -> list[str]:
        registry = self._registry
        active = registry.active_number(card.name)
        numbers = registry.numbers(card.name)[-SHOWN_VERSIONS:]
        lines = [self._version_line(card.name, number, active, approval.get(number)) for number in numbers[::-1]]
        if canary := read_canary(registry, card.name):
            lines.append(say("versions-canary", canary=str(canary)))
        if (change := last_change(registry, card.name)) and (why := change.get("reason")):
            what, date = f"{change.get('action')} v{change.get('number')}", str(change.get("at"))[:10]
            lines.append(say("versions-last-change", date=date, what=what, why=str(why)))
        if marks := marked(registry, card.name):
            which = ", ".join(f"v{number}" for number in sorted(marks))
            lines.append(say("versions-to-replace", versions=which))
        if active is None and registry.active_elsewhere(card.name):
            lines.append(say("versions-from-card"))
        return lines or [say("versions-none")]

    def _version_line(self, persona: str, number: int, active: int | None, approval: Approval | None) -> str:
        path = self._registry.folder / persona / "versions" / str(number)
        try:
            manifest = read_manifest(path)
        except AdapterError:
            return say("versions-incomplete", number=str(number))
        rows = manifest.get("rows")
        parts = [f"`v{number}`"]
        if isinstance(made := manifest.get("created_at"), str):
            parts.append(say("versions-made", date=made[:10]))
        if isinstance(rows, dict):
            sources = ", ".join(f"{count} {source}" for source, count in rows.items() if count)
            parts.append(say("versions-rows", rows=sources))
        if approval is not None and approval.share is not None:
            share = say("stats-share", percent=round(100 * approval.share))
            parts.append(f"👍 {approval.up} 👎 {approval.down} ({share})")
        if not self._registry.fits(persona, number):
            parts.append(say("versions-other-base"))
        if was_refused(self._registry, self._registry.version(persona, number)):
            parts.append(say("versions-refused"))
        return ", ".join(parts) + (f" **{say('versions-speaks')}**" if number == active else "")

    async def _message(self, interaction: Interaction) -> discord.PartialMessage | discord.InteractionMessage:
        """The message that shows the progress, as the channel's: an interaction's own is closed after 15 minutes."""
        message = await interaction.original_response()
        channel = interaction.channel
        if isinstance(channel, discord.TextChannel | discord.Thread | discord.DMChannel | discord.VoiceChannel):
            return channel.get_partial_message(message.id)
        return message


async def _edit(message: discord.PartialMessage | discord.InteractionMessage, **changes: Any) -> None:
    try:
        await message.edit(**changes)
    except (discord.HTTPException, aiohttp.ClientError, OSError, RuntimeError) as error:
        # RuntimeError: the bot is stopping. Without the message, the log and /versions tell the result too.
        log.warning("the progress of a training could not be shown (%s)", type(error).__name__)


def _shown_progress(card: Persona, progress: TrainingProgress | None) -> str:
    share = progress.share if progress else 0.0
    full = round(BAR * share)
    bar, persona = f"`{'▰' * full + '▱' * (BAR - full)}`", titled(card)
    if progress is None:
        return announce("train-begun", persona=persona, bar=bar)
    if share >= 1.0:
        return announce("train-judging", persona=persona, bar=bar)
    step, steps = progress.step, progress.steps
    if progress.loss is None:
        return announce("train-running", persona=persona, bar=bar, step=step, steps=steps)
    loss = f"{progress.loss:.3f}"
    return announce("train-running-loss", persona=persona, bar=bar, step=step, steps=steps, loss=loss)


def _verdict(card: Persona, outcome: RunOutcome) -> str:
    persona, number = titled(card), str(outcome.number)
    if outcome.canary is not None:
        head = announce("train-canary", persona=persona, number=number, percent=round(100 * outcome.canary))
    else:
        head = announce("train-accepted" if outcome.accepted else "train-refused", persona=persona, number=number)
    text = "\n".join([head, *(f"✗ {reason}" for reason in outcome.refusals)])
    return split(text)[0]


def _adapters(resident: Sequence[object]) -> str:
    return say("health-adapters", adapters=", ".join(map(str, resident))) if resident else say("health-no-adapters")


def _trainings(personas: Sequence[str]) -> str:
    return say("health-trainings", personas=", ".join(personas)) if personas else say("health-no-trainings")


def _memory_mb() -> float:
    """The most this process has used."""
    return most_memory_used() / 1e6


def _uptime(seconds: float, latency: float) -> str:
    hours, minutes = divmod(int(seconds // 60), 60)
    days, hours = divmod(hours, 24)
    away = round(1000 * latency)
    if days:
        return say("health-uptime-days", days=days, hours=hours, minutes=minutes, milliseconds=away)
    return say("health-uptime", hours=hours, minutes=minutes, milliseconds=away)
