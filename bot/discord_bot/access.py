"""Who may use the bot at all, and who operates it: the lists of config.toml, and holding Discord's events to them."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Literal

import discord

from bot.discord_bot.addressing import guild_id_of
from bot.errors import NotAllowed

# A member who is shut out still sees, exports and deletes what is stored about them.
OPEN_TO_ALL = frozenset({"privacy"})
Steering = Literal["stop", "again", "keep", "delete", "continue"]
CHECKED_EVENTS = frozenset({"message", "raw_reaction_add"})


@dataclass(frozen=True)
class Access:
    """The lists of config.toml's [access]. An empty list of allowed ids allows all; blocked ids win."""

    allowed_servers: frozenset[int] = frozenset()
    blocked_servers: frozenset[int] = frozenset()
    allowed_channels: frozenset[int] = frozenset()
    blocked_channels: frozenset[int] = frozenset()
    allowed_members: frozenset[int] = frozenset()
    blocked_members: frozenset[int] = frozenset()
    direct_messages: bool = True

    def check(self, member_id: int, guild_id: int | None, channel_ids: Collection[int]) -> None:
        """Raise NotAllowed unless the member may use the bot there.

        channel_ids: the channel and, of a thread, its parent.
        """
        if not _passes({member_id}, self.allowed_members, self.blocked_members):
            raise NotAllowed("access-member")
        if guild_id is None:
            if not self.direct_messages:
                raise NotAllowed("access-direct-messages")
            return
        if not _passes({guild_id}, self.allowed_servers, self.blocked_servers):
            raise NotAllowed("access-server")
        if not _passes(set(channel_ids), self.allowed_channels, self.blocked_channels):
            raise NotAllowed("access-channel")

    def allows(self, member_id: int, guild_id: int | None, channel_ids: Collection[int]) -> bool:
        try:
            self.check(member_id, guild_id, channel_ids)
        except NotAllowed:
            return False
        return True


@dataclass(frozen=True)
class Operators:
    """Who may train, promote and roll back beside the application's owner: config.toml's [operators]."""

    members: frozenset[int] = field(default_factory=frozenset)
    roles: frozenset[int] = field(default_factory=frozenset)

    def include(self, member_id: int, role_ids: Collection[int]) -> bool:
        return member_id in self.members or not self.roles.isdisjoint(role_ids)


@dataclass(frozen=True)
class AccessCheck:
    """Holds Discord's events and interactions to the two lists."""

    access: Access = field(default_factory=Access)
    operators: Operators = field(default_factory=Operators)

    def hears(self, event: str, arguments: tuple[Any, ...], channel: Any = None) -> bool:
        """Whether the event of discord.py's `dispatch` is to be told to the cogs. `channel`: where, as far as known."""
        if event not in CHECKED_EVENTS or not arguments:
            return True
        [subject, *_] = arguments
        if event == "message":
            return self.access.allows(subject.author.id, guild_id_of(subject), channel_ids(channel or subject.channel))
        ids = {subject.channel_id} if channel is None else channel_ids(channel)
        return self.access.allows(subject.user_id, subject.guild_id, ids)

    def check(self, interaction: discord.Interaction[Any]) -> None:
        """Raise NotAllowed unless the member may use the bot there."""
        command = interaction.command
        if command is not None and command.qualified_name.split(" ")[0] in OPEN_TO_ALL:
            return
        ids = channel_ids(interaction.channel) if interaction.channel is not None else {interaction.channel_id or 0}
        self.access.check(interaction.user.id, interaction.guild_id, ids)

    def check_operator(self, interaction: discord.Interaction[Any]) -> None:
        """Raise NotAllowed unless the member owns the application or is a configured operator."""
        member = interaction.user
        roles = [role.id for role in getattr(member, "roles", [])]
        if not self.operators.include(member.id, roles) and member.id not in owners(interaction.client):
            raise NotAllowed("operators-only")


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


def check_steers(interaction: discord.Interaction[Any], asker_id: int, action: Steering) -> None:
    """Raise NotAllowed unless the member asked for the answer or may manage messages here."""
    if interaction.user.id == asker_id:
        return
    if interaction.guild_id is not None and interaction.permissions.manage_messages:
        return
    if action == "continue":
        raise NotAllowed("only-asker-continues")
    raise NotAllowed("only-asker", action=action)


def _passes(ids: set[int], allowed: frozenset[int], blocked: frozenset[int]) -> bool:
    return ids.isdisjoint(blocked) and (not allowed or not ids.isdisjoint(allowed))
