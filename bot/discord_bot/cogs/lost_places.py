"""Lets what was said on a server or in a channel go with it, also when the bot was away while it went.

Discord tells a connected bot of what is removed, and tells nobody afterwards. What it lists when the bot connects is
compared with what is stored; a channel that is not listed is asked for before anything of it is deleted.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import aiohttp
import discord
from discord.ext import commands

from bot.discord_bot.unrepeated_events import OnceTold
from bot.errors import StoreError
from bot.personas.catalog import PersonaCatalog
from bot.store import Store

log = logging.getLogger(__name__)

UNKNOWN_CHANNEL = 10003
SECONDS_A_CHANNEL = 1.0  # from one question about a channel to the next


class LostPlaces(commands.Cog):
    def __init__(
        self,
        bot: commands.Bot,
        store: Store,
        catalog: PersonaCatalog,
        once_told: OnceTold,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._bot = bot
        self._store = store
        self._catalog = catalog
        self._once_told = once_told
        once_told.deals_with("server left", self._forget_server)
        once_told.deals_with("channel deleted", self._forget_channel)
        self._sleep = sleep

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """The bot was removed from the server, or the server was deleted: nothing of it stays."""
        await self._once_told.settle("server left", guild.id)

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        await self._once_told.settle("channel deleted", channel.id)

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, thread: discord.RawThreadDeleteEvent) -> None:
        await self._once_told.settle("channel deleted", thread.thread_id)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Discord lists every server when the bot connects, also those that are out of reach for the moment."""
        try:
            await self._compare_servers()
        except StoreError as error:
            log.warning("could not find out which servers are gone: %s", error)
        for guild in self._bot.guilds:
            await self._compare_channels(guild)

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        if self._bot.is_ready():
            await self._compare_channels(guild)

    async def _compare_servers(self) -> None:
        assert self._bot.user is not None
        if not await self._store.claim(self._bot.user.id):
            log.warning(
                "This database holds what another bot stored, so I delete nothing of servers that I do not see. "
                "Set store.path to a file of this bot's own."
            )
            return
        listed = {guild.id for guild in self._bot.guilds}
        for guild_id in await self._store.server_ids() - listed:
            if self._bot.shard_count is None or (guild_id >> 22) % self._bot.shard_count in self._shards():
                await self._forget_server(guild_id)

    def _shards(self) -> set[int]:
        return set(getattr(self._bot, "shard_ids", None) or {self._bot.shard_id or 0})

    async def _compare_channels(self, guild: discord.Guild) -> None:
        """What is deleted while the bot is connected, it is told of; before, it was not. Raises nothing."""
        if guild.unavailable:
            return
        try:
            listed = {channel.id for channel in guild.channels} | {thread.id for thread in guild.threads}
            for channel_id in await self._store.channel_ids(guild.id) - listed:
                if await self._is_gone(channel_id):
                    await self._forget_channel(channel_id)
                await self._sleep(SECONDS_A_CHANNEL)
        except (discord.HTTPException, aiohttp.ClientError, OSError, StoreError) as error:
            log.warning("server %d: could not find out which channels are gone (%s)", guild.id, error)

    async def _is_gone(self, channel_id: int) -> bool:
        """Archived threads and those of which the bot sees nothing are not listed, and still there."""
        try:
            await self._bot.fetch_channel(channel_id)
        except discord.NotFound as error:
            return error.code == UNKNOWN_CHANNEL
        except discord.Forbidden:
            return False
        return False

    async def _forget_server(self, guild_id: int) -> None:
        rows = await self._store.delete_server(guild_id)
        for persona in self._catalog.made_by(guild_id):
            self._catalog.remove_made(guild_id, persona.name)
        log.info("server %d was left; rows deleted: %d", guild_id, rows)

    async def _forget_channel(self, channel_id: int) -> None:
        removed = await self._store.remove_channel(channel_id)
        if removed:
            log.info("channel %d was deleted; replies whose words are gone: %d", channel_id, removed)
