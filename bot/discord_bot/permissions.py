"""May the bot write in a channel? Asked before a reply is generated, not after."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import discord

from bot.errors import MemberError

DAY = 86_400.0
REMEMBERED = 10_000  # channels


class CannotWrite(MemberError):
    def __init__(self, channel_id: int) -> None:
        super().__init__("cannot-write", channel=f"<#{channel_id}>")


def check_may_write(channel: Any, *, through_webhook: bool = False) -> None:
    """Raise CannotWrite when Discord would refuse a message of the bot's there.

    A webhook needs no permission to send, only the bot to see the channel. What is unknown is left to be tried.
    """
    allowed = _permissions(channel)
    if allowed is None:
        return
    in_thread = isinstance(channel, discord.Thread)
    may_send = allowed.send_messages_in_threads if in_thread else allowed.send_messages
    locked = in_thread and channel.locked and not allowed.manage_threads
    if not allowed.view_channel or locked or not (may_send or through_webhook):
        raise CannotWrite(channel.id)


def _permissions(channel: Any) -> discord.Permissions | None:
    """The bot's own; None in direct messages, and where Discord did not tell enough to know."""
    guild = getattr(channel, "guild", None)
    if not isinstance(channel, discord.abc.GuildChannel | discord.Thread) or guild is None or guild.me is None:
        return None
    try:
        return channel.permissions_for(guild.me)
    except discord.ClientException:  # a thread whose channel is not known
        return None


class OnceADay:
    """Which channels were spoken of within the last day. Lives in memory."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: OrderedDict[int, float] = OrderedDict()

    def is_first(self, channel_id: int) -> bool:
        """Whether nothing was said of the channel for a day; from now on something was."""
        now = self._clock()
        if channel_id in self._told and now - self._told[channel_id] < DAY:
            return False
        self._told[channel_id] = now
        self._told.move_to_end(channel_id)
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        return True
