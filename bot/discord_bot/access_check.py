"""Owns where Discord's events meet the configured lists: who is heard at all, and who operates the bot."""

from typing import Any, cast

import discord

from bot.discord_bot.access import Access, Operators
from bot.errors import NotAllowed

# A member who is shut out still sees, exports and deletes what is stored about them.
OPEN_TO_ALL = frozenset({"privacy"})
_HEARD = frozenset({"message", "raw_reaction_add"})


class Gate:
    def __init__(self, access: Access, operators: Operators) -> None:
        self._access = access
        self._operators = operators

    def hears(self, event: str, arguments: tuple[Any, ...]) -> bool:
        """Whether the event of discord.py's `dispatch` is to be told to the cogs."""
        if event not in _HEARD or not arguments:
            return True
        [subject, *_] = arguments
        if event == "message":
            guild_id = subject.guild.id if subject.guild else None
            return self._access.allows(subject.author.id, guild_id, channel_ids(subject.channel))
        return self._access.allows(subject.user_id, subject.guild_id, {subject.channel_id})

    def check(self, interaction: discord.Interaction[Any]) -> None:
        """Raises NotAllowed unless the member may use the bot there."""
        command = interaction.command
        if command is not None and command.qualified_name.split(" ")[0] in OPEN_TO_ALL:
            return
        ids = channel_ids(interaction.channel) if interaction.channel is not None else {interaction.channel_id or 0}
        self._access.check(interaction.user.id, interaction.guild_id, ids)

    def check_operator(self, interaction: discord.Interaction[Any]) -> None:
        """Raises NotAllowed unless the member owns the application or is a configured operator."""
        member = interaction.user
        roles = [role.id for role in getattr(member, "roles", [])]
        if not self._operators.include(member.id, roles) and member.id not in owners(interaction.client):
            raise NotAllowed("Only the people who run this bot may do that.")


def gate_of(interaction: discord.Interaction[Any]) -> Gate:
    return cast(Gate, interaction.client.gate)


def owners(client: discord.Client) -> set[int]:
    """Who owns the application: one person, or the members of its team."""
    application = client.application
    if application is None:
        return set()
    if application.team is not None:
        return {member.id for member in application.team.members}
    return {application.owner.id}


def channel_ids(channel: Any) -> set[int]:
    """The channel, and the one a thread hangs below."""
    return {channel.id, channel.parent_id} if isinstance(channel, discord.Thread) else {channel.id}
