"""/collection: where nothing is learned; and forgetting a place that the bot left or that was deleted."""

import logging
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.discord_bot.access import channel_ids
from bot.discord_bot.interactions import Interaction
from bot.discord_bot.unrepeated_events import OnceTold
from bot.errors import MemberError, NotAllowed
from bot.personas.catalog import PersonaCatalog
from bot.store import WHOLE_SERVER, Store

log = logging.getLogger(__name__)


class Collection(commands.Cog):
    def __init__(self, store: Store, catalog: PersonaCatalog, once_told: OnceTold) -> None:
        self._store = store
        self._catalog = catalog
        self._once_told = once_told

    @app_commands.command(
        description="May personas learn from what is said here? For this channel, or the whole server."
    )
    @app_commands.describe(
        learn="Whether they may, of members who allow it.", where="This channel, or the whole server."
    )
    @app_commands.guild_only()
    async def collection(
        self, interaction: Interaction, learn: bool, where: Literal["channel", "server"] = "channel"
    ) -> None:
        if interaction.guild_id is None:
            raise MemberError("That works on a server only.")
        if not interaction.permissions.manage_guild:
            raise NotAllowed("Deciding what personas may learn from needs the permission Manage Server.")
        channel_id = WHOLE_SERVER if where == "server" else interaction.channel_id or WHOLE_SERVER
        await self._store.set_collection(interaction.guild_id, channel_id, interaction.user.id, on=learn)
        place = "this server" if where == "server" else "this channel"
        sentence = (
            f"Personas may learn from what is said on {place}, as far as the members who say it allow it."
            if learn
            else f"Nothing that is said on {place} trains a persona from now on, nor anything said before, as long as "
            "this stays so. Votes still count in the figures."
        )
        off = await self._store.collection_off(interaction.guild_id)
        if learn and not off.isdisjoint({WHOLE_SERVER, *channel_ids(interaction.channel)}):
            sentence += " It is still off for " + ("the whole server." if WHOLE_SERVER in off else "this channel.")
        await interaction.response.send_message(sentence)

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """The bot was removed from the server, or the server was deleted: nothing of it stays."""
        with self._once_told.handling():
            rows = await self._store.delete_server(guild.id)
        for persona in self._catalog.made_by(guild.id):
            self._catalog.remove_made(guild.id, persona.name)
        log.info("server %d was left: %d rows deleted", guild.id, rows)

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        await self._forget(channel.id)

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, thread: discord.RawThreadDeleteEvent) -> None:
        await self._forget(thread.thread_id)

    async def _forget(self, channel_id: int) -> None:
        with self._once_told.handling():
            removed = await self._store.remove_channel(channel_id)
        if removed:
            log.info("channel %d was deleted: the words of %d replies are gone", channel_id, removed)
