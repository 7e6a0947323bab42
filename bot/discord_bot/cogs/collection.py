"""/collection: where nothing is learned."""

from discord import app_commands
from discord.ext import commands

from bot.discord_bot.access import channel_ids
from bot.discord_bot.interactions import Interaction
from bot.discord_bot.localization import described
from bot.discord_bot.responding import acknowledge, show
from bot.errors import MemberError, NotAllowed
from bot.retraining.forgetting import Forgetting
from bot.store import WHOLE_SERVER, Store
from bot.wording import announce


class Collection(commands.Cog):
    def __init__(self, store: Store, forgetting: Forgetting) -> None:
        self._store = store
        self._forgetting = forgetting

    @app_commands.command(description=described("command-collection.description"))
    @app_commands.describe(
        learn=described("command-collection.option-learn"), where=described("command-collection.option-where")
    )
    @app_commands.choices(
        where=[
            app_commands.Choice(name=described("choice-channel"), value="channel"),
            app_commands.Choice(name=described("choice-server"), value="server"),
        ]
    )
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_guild=True)
    async def collection(self, interaction: Interaction, learn: bool, where: str = "channel") -> None:
        if interaction.guild_id is None:
            raise MemberError("server-only")
        if not interaction.permissions.manage_guild:
            raise NotAllowed("collection-needs-permission")
        channel_id = WHOLE_SERVER if where == "server" else interaction.channel_id or WHOLE_SERVER
        await acknowledge(interaction)
        await self._store.set_collection(interaction.guild_id, channel_id, interaction.user.id, on=learn)
        sentence = announce("collection-on" if learn else "collection-off", where=where)
        off = await self._store.collection_off(interaction.guild_id)
        if learn and not off.isdisjoint({WHOLE_SERVER, *channel_ids(interaction.channel)}):
            still = "server" if WHOLE_SERVER in off else "channel"
            sentence += f" {announce('collection-still-off', where=still)}"
        await show(interaction, sentence)
        if not learn:
            await self._forgetting.withdraw_place(interaction.guild_id, channel_id)
