"""/collection: where nothing is learned."""

from typing import Literal

from discord import app_commands
from discord.ext import commands

from bot.discord_bot.access import channel_ids
from bot.discord_bot.interactions import Interaction
from bot.errors import MemberError, NotAllowed
from bot.store import WHOLE_SERVER, Store


class Collection(commands.Cog):
    def __init__(self, store: Store) -> None:
        self._store = store

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
