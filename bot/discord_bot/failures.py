"""Turns a failure into a sentence for a member; every cog's failures end here.

Precedence, first match wins:

0. Before anything else, in every kind of interaction: may the member use the bot here at all?
1. discord.py's wrappers (CommandInvokeError …) are taken off.
2. MemberError: its own sentence.
3. OperatorError: the member learns that the log says why; the log gets the sentence with the remedy.
4. A failed check of discord.py (permissions, server only …): a sentence.
5. A command Discord still shows and we no longer have: a sentence.
6. Discord's refusals (Forbidden, NotFound …): a sentence, and a warning with Discord's code in the log.
7. Anything else is a bug: a sentence with an id, and the traceback in the log under that id.

What members typed is never logged.
"""

import logging
import secrets
from typing import Any

import discord
from discord import app_commands

from bot.discord_bot.interactions import Interaction, client_of
from bot.errors import MemberError, NotAllowed, OperatorError

log = logging.getLogger(__name__)


def explain(error: BaseException, doing: str) -> str:
    """The sentence a member reads about `error`; logs what the operator needs. `doing` names the action in the log."""
    error = _unwrapped(error)
    if isinstance(error, MemberError):
        return str(error)
    if isinstance(error, OperatorError):
        log.error("%s: %s", doing, error)
        return "I can't do that right now; the operator's log says why."
    if isinstance(error, app_commands.MissingPermissions):
        return f"You need the permission {_names(error.missing_permissions)} for that."
    if isinstance(error, app_commands.CheckFailure):
        return "You may not do that here."
    if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
        log.warning("%s: Discord shows an older set of commands than this bot has", doing)
        return "Discord still shows an older version of that command. Reload Discord (Ctrl+R) and try again."
    if isinstance(error, discord.HTTPException):
        log.warning("%s: Discord answered %s (code %s)", doing, error.status, error.code)
        return "Discord did not let me do that. I may lack a permission here."
    number = secrets.token_hex(3)
    log.error("%s: unexpected error %s", doing, number, exc_info=error)
    return f"Something broke on my side (error {number}); the operator's log has the details."


async def answer(interaction: Interaction, error: BaseException) -> None:
    """Tell the member who acted, privately, what went wrong."""
    sentence = explain(error, _doing(interaction))
    try:
        if interaction.response.is_done():
            await interaction.followup.send(sentence, ephemeral=True)
        else:
            await interaction.response.send_message(sentence, ephemeral=True)
    except discord.HTTPException as refusal:
        log.warning("%s: could not tell the member: Discord answered %s (code %s)",
                    _doing(interaction), refusal.status, refusal.code)  # fmt: skip


class GuardedTree(app_commands.CommandTree[Any]):
    async def interaction_check(self, interaction: Interaction, /) -> bool:
        return await _may_go_on(interaction)

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        await answer(interaction, error)


class GuardedView(discord.ui.View):
    async def interaction_check(self, interaction: Interaction, /) -> bool:
        return await _may_go_on(interaction)

    async def on_error(self, interaction: Interaction, error: Exception, _item: discord.ui.Item[Any], /) -> None:
        await answer(interaction, error)


class GuardedModal(discord.ui.Modal):
    async def interaction_check(self, interaction: Interaction, /) -> bool:
        return await _may_go_on(interaction)

    async def on_error(self, interaction: Interaction, error: Exception, /) -> None:  # type: ignore[override]
        await answer(interaction, error)


async def _may_go_on(interaction: Interaction) -> bool:
    try:
        client_of(interaction).access_check.check(interaction)
    except NotAllowed as error:
        if interaction.type is not discord.InteractionType.autocomplete:
            await answer(interaction, error)
        return False
    return True


def _unwrapped(error: BaseException) -> BaseException:
    while isinstance(error, app_commands.CommandInvokeError):
        error = error.original
    return error


def _names(permissions: list[str]) -> str:
    return ", ".join(permission.replace("_", " ").title() for permission in permissions)


def _doing(interaction: Interaction) -> str:
    if isinstance(interaction.command, app_commands.Command):
        return f"/{interaction.command.qualified_name}"
    data: dict[str, Any] = dict(interaction.data or {})
    return f"{interaction.type.name} {str(data.get('custom_id') or data.get('name'))[:60]!r}"
