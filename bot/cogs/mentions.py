"""Owns how mentions are read in what members write, and made harmless in what the model writes."""

import re

import discord

# AllowedMentions.none() already keeps these from pinging; a zero-width space keeps them from looking like a ping.
_PINGS = re.compile(r"@(?=everyone\b|here\b)|<@(?=[!&]?\d)", re.IGNORECASE)
_CUSTOM_EMOJI = re.compile(r"<a?:(\w+):\d+>")
_ZERO_WIDTH_SPACE = "\u200b"


def defused(text: str) -> str:
    """`text` with everything that looks like a mention broken by a zero-width space."""
    return _PINGS.sub(lambda match: match[0] + _ZERO_WIDTH_SPACE, text)


def spoken_text(message: discord.Message, me: discord.ClientUser) -> str:
    """What the member said to the bot: without its mention, and with names where Discord writes ids."""
    text = _without(message.content, rf"<@!?{me.id}>")
    own_role = message.guild.self_role if message.guild else None
    for role in message.role_mentions:
        text = _without(text, role.mention) if role == own_role else text.replace(role.mention, f"@{role.name}")
    for user in message.mentions:
        text = re.sub(rf"<@!?{user.id}>", lambda _, name=user.display_name: f"@{name}", text)  # type: ignore[misc]
    for channel in message.channel_mentions:
        text = text.replace(channel.mention, f"#{channel.name}")
    return _CUSTOM_EMOJI.sub(r":\1:", text).strip()


def _without(text: str, mention: str) -> str:
    return re.sub(rf"[ \t]*{mention}[ \t]*", " ", text)
