"""Finds the channel above a thread that Discord did not tell of: who speaks and who is shut out depend on it."""

import logging
from collections import OrderedDict
from typing import Any

import aiohttp
import discord

from bot.discord_bot.refusals import is_final

log = logging.getLogger(__name__)

REMEMBERED = 10_000


class Threads:
    """Asks Discord once for a channel that is in no cache, and remembers whether it is a thread."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._found: OrderedDict[int, discord.Thread | None] = OrderedDict()

    def is_unknown(self, subject: Any) -> bool:
        """Whether `subject`, a message or a reaction, is from a server's channel that would have to be asked for."""
        guild_id, channel_id = place_named(subject)
        guild = self._client.get_guild(guild_id) if guild_id is not None else None
        return guild is not None and guild.get_channel_or_thread(channel_id) is None

    async def look_up(self, subject: Any) -> discord.Thread | None:
        """The thread that it is from. None when it is none, or out of reach."""
        _, channel_id = place_named(subject)
        if channel_id in self._found:
            return self._found[channel_id]
        try:
            channel = await self._client.fetch_channel(channel_id)
        except (discord.HTTPException, discord.InvalidData, aiohttp.ClientError, OSError) as error:
            log.info("channel %d could not be looked up (%s)", channel_id, type(error).__name__)
            if is_final(error):
                self._remember(channel_id, None)
            return None
        thread = channel if isinstance(channel, discord.Thread) else None
        self._remember(channel_id, thread)
        return thread

    def _remember(self, channel_id: int, thread: discord.Thread | None) -> None:
        self._found[channel_id] = thread
        if len(self._found) > REMEMBERED:
            self._found.popitem(last=False)


def place_named(subject: Any) -> tuple[int | None, int]:
    """The server and the channel of a message or a raw reaction."""
    if isinstance(subject, discord.Message):
        guild_id = subject.guild.id if subject.guild else getattr(subject.channel, "guild_id", None)
        return guild_id, subject.channel.id
    return subject.guild_id, subject.channel_id
