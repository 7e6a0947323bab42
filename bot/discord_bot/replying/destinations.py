"""Where a reply can appear: as an answer to a message, as one to a slash command, or on its own."""

from typing import Any, Protocol

import discord

from bot.discord_bot.refusals import readable
from bot.discord_bot.responding import answered

CANNOT_REPLY_WITHOUT_HISTORY = 160002  # a reply needs Read Message History, a plain message does not
TOKEN_EXPIRED = (50027, 10015)  # what Discord calls the webhook of an interaction that is older than 15 minutes
Shown = discord.Message | discord.PartialMessage


class Destination(Protocol):
    """Sends the messages of one reply, first to last, and edits them. Options are those of `Messageable.send`."""

    @property
    def channel_id(self) -> int: ...

    @property
    def bucket(self) -> str:
        """Which edits share a rate limit with this destination's; see `bot.discord_bot.replying.edit_pacing`."""
        ...

    async def type(self) -> None:
        """Show for some seconds that an answer is coming."""
        ...

    async def send(self, content: str, **options: Any) -> discord.Message: ...

    async def edit(self, message: discord.Message, **options: Any) -> discord.Message: ...


class _ChannelDestination:
    def __init__(self, channel: Any) -> None:
        self._channel = channel

    @property
    def channel_id(self) -> int:
        return int(self._channel.id)

    @property
    def bucket(self) -> str:
        return f"channels/{self._channel.id}"

    async def type(self) -> None:
        await self._channel.typing()

    async def edit(self, message: discord.Message, **options: Any) -> discord.Message:
        with readable():
            return await message.edit(**options)


class PlainDestination(_ChannelDestination):
    """Messages of their own in a channel."""

    async def send(self, content: str, **options: Any) -> discord.Message:
        sent: discord.Message = await self._channel.send(content, **options)
        return sent


class AnswerDestination(_ChannelDestination):
    """An answer to a message; what does not fit into one message follows it."""

    def __init__(self, asked: Shown) -> None:
        super().__init__(asked.channel)
        self._asked = asked
        self._answered = False

    async def send(self, content: str, **options: Any) -> discord.Message:
        if self._answered:
            sent: discord.Message = await self._channel.send(content, **options)
            return sent
        sent = await reply_to(self._asked, content, **options)
        self._answered = True
        return sent


class InteractionDestination:
    """The answer to a slash command that was deferred. After 15 minutes it goes on as the bot's plain messages."""

    def __init__(self, interaction: discord.Interaction[Any]) -> None:
        self._interaction = interaction
        self._answered = False
        self._expired = False

    @property
    def channel_id(self) -> int:
        return self._interaction.channel_id or 0

    @property
    def bucket(self) -> str:
        return f"webhooks/{self._interaction.application_id}/{self._interaction.token}"

    async def type(self) -> None:
        """Discord itself shows “thinking …”."""

    async def send(self, content: str, **options: Any) -> discord.Message:
        if not self._expired:
            try:
                return await self._respond(content, **_without_nonce(options))
            except discord.HTTPException as error:
                self._check_expired(error)
        return await self._channel.send(content, **options)

    async def edit(self, message: discord.Message, **options: Any) -> discord.Message:
        if not self._expired:
            try:
                return await message.edit(**options)
            except discord.HTTPException as error:
                self._check_expired(error)
        return await self._channel.get_partial_message(message.id).edit(**options)

    async def _respond(self, content: str, **options: Any) -> discord.Message:
        if self._answered:
            return await self._interaction.followup.send(content, wait=True, **options)
        answered(self._interaction)
        sent = await self._interaction.edit_original_response(content=content, **options)
        self._answered = True
        return sent

    def _check_expired(self, error: discord.HTTPException) -> None:
        if error.code not in TOKEN_EXPIRED:
            raise error
        self._expired = True

    @property
    def _channel(self) -> discord.PartialMessageable:
        client: discord.Client = self._interaction.client
        return client.get_partial_messageable(self.channel_id)


async def reply_to(asked: Shown, content: str, **options: Any) -> discord.Message:
    """Answer a message as a reply that pings nobody, even when it is gone by now."""
    channel: Any = asked.channel
    try:
        reference = asked.to_reference(fail_if_not_exists=False)
        sent: discord.Message = await channel.send(content, reference=reference, mention_author=False, **options)
    except discord.Forbidden as error:
        if error.code != CANNOT_REPLY_WITHOUT_HISTORY:
            raise
        sent = await channel.send(content, **options)
    return sent


def _without_nonce(options: dict[str, Any]) -> dict[str, Any]:
    """Webhooks know no nonce."""
    return {name: value for name, value in options.items() if name != "nonce"}
