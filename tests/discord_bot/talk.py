"""What the tests of talking look at: the bot's messages, their buttons, and the prompt the engine was given."""

from typing import Any

import discord
import simcord

from tests.fakes import ScriptedEngine


def answers(env: simcord.Env, channel: Any) -> list[discord.Message]:
    return [message for message in channel.history() if message.author.id == env.bot.user.id]


def contents(env: simcord.Env, channel: Any) -> list[str]:
    return [message.content for message in answers(env, channel)]


def buttons(message: discord.Message) -> list[str]:
    """The custom ids of its buttons."""
    return [button.custom_id for row in message.components for button in row.children]


def spoken_prompt(engine: ScriptedEngine) -> str:
    return "".join(map(chr, engine.requests[-1].prompt_ids))
