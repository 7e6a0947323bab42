"""/help: what a member can do with the bot, in a few lines."""

from discord import app_commands
from discord.ext import commands

from bot.discord_bot.interactions import Interaction
from bot.discord_bot.localization import described
from bot.wording import say


class Help(commands.Cog):
    @app_commands.command(description=described("command-help.description"))
    async def help(self, interaction: Interaction) -> None:
        lines = (say("help-talk"), say("help-reply"), say("help-learning"))
        await interaction.response.send_message("\n".join(lines), ephemeral=True)
