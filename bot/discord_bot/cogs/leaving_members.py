"""When a member leaves a server, deletes what is stored about them there.

With the server-members intent Discord tells at once. Without it, the cog asks about each member now and then.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import aiohttp
import discord
from discord.ext import commands

from bot.discord_bot.unrepeated_events import OnceTold
from bot.errors import StoreError
from bot.retraining.forgetting import Forgetting
from bot.store import Store

log = logging.getLogger(__name__)

UNKNOWN_MEMBER = 10007
SECONDS_A_MEMBER = 1.0  # from one question about a member to the next


class LeavingMembers(commands.Cog):
    def __init__(self, bot: commands.Bot, store: Store, forgetting: Forgetting, once_told: OnceTold) -> None:
        self._bot = bot
        self._store = store
        self._forgetting = forgetting
        self._once_told = once_told
        once_told.deals_with("member left", self._forget)

    @commands.Cog.listener()
    async def on_raw_member_remove(self, departure: discord.RawMemberRemoveEvent) -> None:
        await self._once_told.settle("member left", departure.guild_id, departure.user.id)

    async def look(self, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        """Ask Discord for every member of whom something is stored, and forget those who left. Raises nothing.

        A question that fails otherwise, or a server that is out of reach, is left for the next look.
        """
        for guild in self._bot.guilds:
            try:
                for member_id in await self._store.members_of_server(guild.id):
                    if await _has_left(guild, member_id):
                        await self._forget(guild.id, member_id)
                    await sleep(SECONDS_A_MEMBER)
            except (discord.HTTPException, aiohttp.ClientError, OSError, StoreError) as error:
                log.warning("server %d: could not find out who left (%s)", guild.id, type(error).__name__)

    async def _forget(self, guild_id: int, member_id: int) -> None:
        if rows := await self._forgetting.forget(member_id, guild_id):
            log.info("member %d left server %d; rows deleted: %d", member_id, guild_id, rows)


async def _has_left(guild: discord.Guild, member_id: int) -> bool:
    try:
        await guild.fetch_member(member_id)
    except discord.NotFound as error:
        return error.code == UNKNOWN_MEMBER
    return False
