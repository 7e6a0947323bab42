"""Owns who may use the bot at all, and who operates it. Knows nothing of Discord: everything is an id."""

from collections.abc import Collection
from dataclasses import dataclass, field

from bot.errors import NotAllowed


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
            raise NotAllowed("You may not use me.")
        if guild_id is None:
            if not self.direct_messages:
                raise NotAllowed("I don't answer direct messages.")
            return
        if not _passes({guild_id}, self.allowed_servers, self.blocked_servers):
            raise NotAllowed("I may not be used on this server.")
        if not _passes(set(channel_ids), self.allowed_channels, self.blocked_channels):
            raise NotAllowed("I may not be used in this channel.")

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


def _passes(ids: set[int], allowed: frozenset[int], blocked: frozenset[int]) -> bool:
    return ids.isdisjoint(blocked) and (not allowed or not ids.isdisjoint(allowed))
