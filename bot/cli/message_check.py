"""Behind `python -m bot check-messages`: deletes what members deleted on Discord while the bot was away."""

import discord

from bot.app import discord_token
from bot.config import Config
from bot.discord_bot.connection import RESET
from bot.discord_bot.replying.revisions import Revisions
from bot.discord_bot.replying.streaming import Unfinished
from bot.discord_bot.stored_messages import Checked, check_stored_messages
from bot.errors import ConfigError, DiscordError
from bot.store import Store


async def check_messages(config: Config) -> Checked:
    """Raises OperatorError without a token that Discord takes, or without a database."""
    token = discord_token(config)
    if token is None:
        raise ConfigError("DISCORD_TOKEN is not set: only Discord knows which messages are still there.")
    store = await Store.open(config.store_path)
    try:
        async with discord.Client(intents=discord.Intents(guilds=True)) as client:
            try:
                await client.login(token)
            except discord.LoginFailure:
                raise DiscordError(f"Discord refused the token: {RESET}.") from None
            return await check_stored_messages(client, store, Revisions(store, Unfinished()))
    finally:
        await store.close()
