"""Is a message meant for the bot, where was it written, and what does it say?"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import discord

from bot.errors import MemberError
from bot.prompt.names import plain_name

_MARKUP = (
    (re.compile(r"<a?:(\w{1,32}):\d{1,20}>"), r":\1:"),
    (re.compile(r"</([^<>:\n]{1,100}):\d{1,20}>"), r"/\1"),
    (re.compile(r"<@[!&]?\d{1,20}>"), "@someone"),
    (re.compile(r"<#\d{1,20}>"), "#channel"),
)
_TIME = re.compile(r"<t:(-?\d{1,13})(?::[a-zA-Z])?>")
_WRITTEN_BY_PEOPLE = (discord.MessageType.default, discord.MessageType.reply)


@dataclass(frozen=True)
class Place:
    """A channel, and the channel it hangs below when it is a thread."""

    channel_id: int
    parent_id: int | None
    guild_id: int | None


class UnreadableMessage(MemberError):
    """Discord hid the text: without the message-content intent a bot reads only what mentions it."""

    def __init__(self, name: str) -> None:
        super().__init__("unreadable-message", name=name)


class NoText(MemberError):
    def __init__(self) -> None:
        super().__init__("no-text")


def place_of(channel: Any, guild_id: int | None) -> Place:
    parent_id = channel.parent_id if isinstance(channel, discord.Thread) else None
    return Place(channel.id, parent_id, guild_id)


def place_of_message(message: discord.Message) -> Place:
    return place_of(message.channel, guild_id_of(message))


def guild_id_of(message: discord.Message) -> int | None:
    """The server that a message was written on; None: a direct message. Discord may not have told of the server yet."""
    return message.guild.id if message.guild is not None else getattr(message.channel, "guild_id", None)


def place_of_interaction(interaction: discord.Interaction[Any]) -> Place:
    channel = interaction.channel or discord.Object(interaction.channel_id or 0)
    return place_of(channel, interaction.guild_id)


def is_addressed(message: discord.Message, me: discord.ClientUser) -> bool:
    """Whether a person meant the bot: by mention, reply, direct message, or in a thread the bot opened."""
    if message.author.bot or message.webhook_id is not None or message.type not in _WRITTEN_BY_PEOPLE:
        return False
    own_role = message.guild.self_role if message.guild is not None else None
    return (
        guild_id_of(message) is None
        or me in message.mentions
        or _replies_to(message, me)
        or (own_role is not None and own_role in message.role_mentions)
        or (isinstance(message.channel, discord.Thread) and message.channel.owner_id == me.id and shows(message))
    )


def may_be_overheard(message: discord.Message, me: discord.ClientUser) -> bool:
    """Whether a persona that answers everything in its channel would answer this: words to all, or to the bot.

    Without the message-content intent there are no words to answer. Pictures and stickers alone are none either.
    """
    if message.author.bot or message.webhook_id is not None or message.type not in _WRITTEN_BY_PEOPLE:
        return False
    if guild_id_of(message) is None or not shows(message) or any(user != me for user in message.mentions):
        return False
    return message.type is discord.MessageType.default or _replies_to(message, me)


def answered_webhook_message(message: discord.Message) -> int | None:
    """The message of a webhook, which a persona may have spoken through, that a person replies to."""
    if message.author.bot or message.type is not discord.MessageType.reply or message.reference is None:
        return None
    answered = message.reference.resolved
    return answered.id if isinstance(answered, discord.Message) and answered.webhook_id is not None else None


def shows(message: discord.Message) -> bool:
    """Whether Discord shows the bot anything of it that may hold words."""
    return bool(message.content or message.attachments or message.poll or message.message_snapshots)


def why_no_text(message: discord.Message, me: discord.ClientUser) -> MemberError | None:
    """The reason when nothing that can be read is in an addressed message; None for a bare mention."""
    if message.attachments or message.stickers or message.embeds or message.message_snapshots:
        return NoText()
    if message.guild is not None and me not in message.mentions and not message.content:
        return UnreadableMessage(message.guild.me.display_name)
    return None


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
    return without_markup(text).strip()


def without_markup(text: str) -> str:
    """`text` with words where Discord writes ids that nobody can read: emoji, commands, times, unknown mentions."""
    for pattern, words in _MARKUP:
        text = pattern.sub(words, text)
    return _TIME.sub(_date, text)


def _date(match: re.Match[str]) -> str:
    try:
        return f"{datetime.fromtimestamp(int(match[1]), UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return match[0]


def _replies_to(message: discord.Message, me: discord.ClientUser) -> bool:
    if message.type is not discord.MessageType.reply or message.reference is None:
        return False
    answered = message.reference.resolved
    return isinstance(answered, discord.Message) and answered.author.id == me.id


def _without(text: str, mention: str) -> str:
    return re.sub(rf"(?<![ \t])[ \t]*+{mention}[ \t]*", " ", text)
