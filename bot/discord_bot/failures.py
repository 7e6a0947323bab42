"""Turns a failure into a sentence for a member; every cog's failures end here.

Precedence, first match wins:

0. Before anything else, in every kind of interaction: whose language is spoken, and may the member use the bot here?
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
from bot.discord_bot.localization import audience_of
from bot.discord_bot.responding import show_privately
from bot.errors import MemberError, NotAllowed, OperatorError
from bot.wording import Say, address, say

log = logging.getLogger(__name__)

PRESSABLE_SECONDS = 840.0  # an interaction's token is valid for 15 minutes
FILLING_SECONDS = 3600.0  # that a member may take over a form


def explain(error: BaseException, doing: str, say: Say = say) -> str:
    """The sentence about `error`; logs what the operator needs. `doing` names the action in the log.

    `say`: whom it is for, the member who acted or, with `announce`, everybody in the channel.
    """
    error = _unwrapped(error)
    if isinstance(error, MemberError):
        return error.said(say)
    if isinstance(error, OperatorError):
        log.error("%s: %s", doing, error)
        return say("failure-operator")
    if isinstance(error, app_commands.MissingPermissions):
        return say("failure-permissions", permissions=_names(error.missing_permissions))
    if isinstance(error, app_commands.CheckFailure):
        return say("failure-not-here")
    if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
        log.warning("%s: Discord shows an older set of commands than this bot has", doing)
        return say("failure-old-command")
    if isinstance(error, discord.HTTPException):
        log.warning("%s: Discord answered %s (code %s)", doing, error.status, error.code)
        return say("failure-discord")
    number = secrets.token_hex(3)
    log.error("%s: unexpected error %s", doing, number, exc_info=error)
    return say("failure-bug", number=number)


async def answer(interaction: Interaction, error: BaseException) -> None:
    """Tell the member who acted, privately, what went wrong."""
    sentence = explain(error, _doing(interaction))
    try:
        await show_privately(interaction, sentence)
    except discord.HTTPException as refusal:
        log.warning("%s: could not tell the member: Discord answered %s (code %s)",
                    _doing(interaction), refusal.status, refusal.code)  # fmt: skip


class GuardedTree(app_commands.CommandTree[Any]):
    async def interaction_check(self, interaction: Interaction, /) -> bool:
        return await _may_go_on(interaction)

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        await answer(interaction, error)


class GuardedView(discord.ui.View):
    """Buttons below a private answer."""

    def __init__(self) -> None:
        super().__init__(timeout=PRESSABLE_SECONDS)

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        return await _may_go_on(interaction)

    async def on_error(self, interaction: Interaction, error: Exception, _item: discord.ui.Item[Any], /) -> None:
        await answer(interaction, error)


class GuardedModal(discord.ui.Modal):
    def __init__(self, title: str) -> None:
        super().__init__(title=title, timeout=FILLING_SECONDS)

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        return await _may_go_on(interaction)

    async def on_error(self, interaction: Interaction, error: Exception, /) -> None:  # type: ignore[override]
        await answer(interaction, error)


async def _may_go_on(interaction: Interaction) -> bool:
    address(audience_of(interaction, interaction.client))
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
