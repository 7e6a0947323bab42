"""Reads the mentions in what members write."""

import re

import discord

from bot.prompt.names import plain_name

_CUSTOM_EMOJI = re.compile(r"<a?:(\w+):\d+>")


def spoken_text(message: discord.Message, me: discord.ClientUser) -> str:
    """What the member said to the bot: without its mention, and with names where Discord writes ids."""
    text = _without(message.content, rf"<@!?{me.id}>")
    own_role = message.guild.self_role if message.guild else None
    for role in message.role_mentions:
        text = _without(text, role.mention) if role == own_role else text.replace(role.mention, f"@{role.name}")
    for user in message.mentions:
        text = re.sub(rf"<@!?{user.id}>", f"@{plain_name(user.display_name)}", text)
    for channel in message.channel_mentions:
        text = text.replace(channel.mention, f"#{channel.name}")
    return _CUSTOM_EMOJI.sub(r":\1:", text).strip()


def _without(text: str, mention: str) -> str:
    return re.sub(rf"[ \t]*{mention}[ \t]*", " ", text)
