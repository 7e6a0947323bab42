"""Speaks under a persona's own name and picture, through a webhook that the bot owns.

If that is switched off, or the bot may not manage webhooks, the bot speaks as itself. The webhook belongs to the
application, so that buttons below its messages work.
"""

import logging
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import discord

from bot.discord_bot.refusals import readable
from bot.discord_bot.replying.defusing import defused
from bot.discord_bot.replying.destinations import Destination
from bot.discord_bot.replying.headers import titled
from bot.personas.catalog import Persona
from bot.store import Store
from bot.wording import announce

log = logging.getLogger(__name__)

WEBHOOK_NAME = "Troupe"
_UNKNOWN_WEBHOOK, _NOT_OURS, _BAD_FORM = 10015, 50005, 50035
# Discord refuses webhook names with these in them.
_RESERVED = re.compile(r"(disc)(ord)|(cly)(de)", re.IGNORECASE)
_Channel = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.ForumChannel


class Identities:
    """Finds or makes the bot's webhook of a channel, once per start."""

    def __init__(
        self,
        store: Store,
        me: Callable[[], discord.ClientUser | None],
        picture_of: Callable[[str], str] | None = None,
    ) -> None:
        """`picture_of`: the address of an emoji's picture, for personas without one of their own."""
        self._store = store
        self._me = me
        self._picture_of = picture_of
        self._webhooks: dict[int, discord.Webhook] = {}

    async def destination(self, channel: Any, persona: Persona) -> "WebhookDestination | None":
        """The way to speak as `persona` in the channel or thread; None: speak as the bot."""
        home = home_of(channel)
        if home is None or not await self._store.has_identity(home.id):
            return None
        webhook = await self._webhook(home)
        if webhook is None:
            return None
        return WebhookDestination(
            webhook, channel, self._pictured(persona), forget=lambda: self._webhooks.pop(home.id, None)
        )

    async def first_line(self, channel: Any, persona: Persona) -> str:
        """What names who speaks where personas were given their own names and the bot lacks the means."""
        home = home_of(channel)
        wanted = home is not None and await self._store.has_identity(home.id)
        return f"{titled(persona)}\n" if wanted else ""

    def _pictured(self, persona: Persona) -> Persona:
        if persona.avatar_url or self._picture_of is None:
            return persona
        return persona.model_copy(update={"avatar_url": self._picture_of(persona.avatar)})

    async def resumed(self, channel: Any, message: discord.Message, further: Destination) -> "ResumedDestination":
        """Where a reply goes on whose last message is `message`; what needs more messages goes `further`."""
        me = self._me()
        own = me is not None and message.author.id == me.id
        webhook = None if own else await self._webhook_of(channel)
        return ResumedDestination(channel, message.id, webhook, further)

    async def edit(self, channel: Any, message_id: int, **changes: Any) -> None:
        """Edit a message of the bot, whichever way it was sent. Raises discord.HTTPException."""
        try:
            with readable():
                await channel.get_partial_message(message_id).edit(**changes)
        except discord.Forbidden as error:
            webhook = await self._webhook_of(channel) if error.code == _NOT_OURS else None
            if webhook is None:
                raise
            await webhook.edit_message(message_id, thread=_thread(channel), **changes)

    async def delete(self, channel: Any, message_id: int) -> None:
        """Delete a message of the bot, whichever way it was sent. Raises discord.HTTPException."""
        try:
            await channel.get_partial_message(message_id).delete()
        except discord.Forbidden:
            webhook = await self._webhook_of(channel)
            if webhook is None:
                raise
            await webhook.delete_message(message_id, thread=_thread(channel))

    async def _webhook_of(self, channel: Any) -> discord.Webhook | None:
        home = home_of(channel)
        return await self._webhook(home) if home is not None else None

    async def _webhook(self, home: _Channel) -> discord.Webhook | None:
        if home.id in self._webhooks:
            return self._webhooks[home.id]
        if not home.permissions_for(home.guild.me).manage_webhooks:
            return None
        me = self._me()
        try:
            found = [
                webhook
                for webhook in await home.webhooks()
                if webhook.token and webhook.user is not None and me is not None and webhook.user.id == me.id
            ]
            webhook = (
                found[0] if found else await home.create_webhook(name=WEBHOOK_NAME, reason=announce("webhook-reason"))
            )
        except discord.HTTPException as error:
            log.warning("channel %d: no webhook (%s, code %s); I speak as myself", home.id, error.status, error.code)
            return None
        self._webhooks[home.id] = webhook
        return webhook


class WebhookDestination:
    """One more kind of `Destination`. A webhook can't answer a message by reference: it just speaks."""

    def __init__(
        self, webhook: discord.Webhook, channel: Any, persona: Persona, forget: Callable[[], object] = lambda: None
    ) -> None:
        self._webhook = webhook
        self._channel = channel
        self._persona = persona
        self._forget = forget
        self._as_bot = False

    @property
    def channel_id(self) -> int:
        return int(self._channel.id)

    @property
    def bucket(self) -> str:
        return f"webhooks/{self._webhook.id}/{self._webhook.token}"

    async def type(self) -> None:
        await self._channel.typing()

    async def send(self, content: str, **options: Any) -> discord.Message:
        options.pop("reference", None)
        nonce = options.pop("nonce", None)  # webhooks know none
        if not self._as_bot:
            try:
                return await _with_view_if_possible(self._send, content=content, **options)
            except (discord.NotFound, discord.Forbidden) as error:
                if isinstance(error, discord.NotFound) and error.code != _UNKNOWN_WEBHOOK:
                    raise
                self._lose()
        sent: discord.Message = await self._channel.send(content, nonce=nonce, **options)
        return sent

    async def edit(self, message: discord.Message, **options: Any) -> discord.Message:
        if message.webhook_id != self._webhook.id:
            return await message.edit(**options)
        try:
            edit = partial(message.edit, allowed_mentions=discord.AllowedMentions.none())
            return await _with_view_if_possible(edit, **options)
        except discord.NotFound as error:
            if error.code != _UNKNOWN_WEBHOOK:
                raise
            self._lose()
            return await self._replace(message, **options)

    async def _replace(self, message: discord.Message, **options: Any) -> discord.Message:
        """Without its webhook a message can't be edited any more: the bot says in one of its own what it would say."""
        files = options.pop("attachments", [])
        given = {name: value for name, value in options.items() if value is not None}
        content = given.pop("content", message.content)
        sent: discord.Message = await self._channel.send(content, files=files, **given)
        return sent

    def _lose(self) -> None:
        """Somebody deleted the webhook: the rest of this reply comes from the bot, the next one from a new webhook."""
        log.info("channel %d: the webhook is gone; I speak as myself", self.channel_id)
        self._forget()
        self._as_bot = True

    async def _send(self, content: str, **options: Any) -> discord.Message:
        return await self._webhook.send(
            content,
            wait=True,
            username=spoken_name(self._persona),
            avatar_url=self._persona.avatar_url or discord.utils.MISSING,
            thread=_thread(self._channel),
            allowed_mentions=discord.AllowedMentions.none(),
            **options,
        )


class ResumedDestination:
    """One more kind of `Destination`: it begins with a message that is there already, and goes on `further`."""

    def __init__(self, channel: Any, message_id: int, webhook: discord.Webhook | None, further: Destination) -> None:
        self._channel = channel
        self._message_id = message_id
        self._webhook = webhook
        self._further = further

    @property
    def channel_id(self) -> int:
        return self._further.channel_id

    @property
    def bucket(self) -> str:
        return self._further.bucket

    async def type(self) -> None:
        await self._further.type()

    async def send(self, content: str, **options: Any) -> discord.Message:
        return await self._further.send(content, **options)

    async def edit(self, message: discord.Message, **options: Any) -> discord.Message:
        if message.id != self._message_id:
            return await self._further.edit(message, **options)
        with readable():
            if self._webhook is not None:
                return await self._webhook.edit_message(message.id, thread=_thread(self._channel), **options)
            edited: discord.Message = await self._channel.get_partial_message(message.id).edit(**options)
            return edited


async def _with_view_if_possible(call: Callable[..., Awaitable[discord.Message]], **options: Any) -> discord.Message:
    """Buttons are refused below messages of a webhook that the application does not own; reactions vote there too."""
    try:
        return await call(**options)
    except discord.HTTPException as error:
        if error.code != _BAD_FORM or not options.get("view"):
            raise
        log.info("a webhook may show no buttons; the reply goes without them")
        return await call(**{name: value for name, value in options.items() if name != "view"})


def home_of(channel: Any) -> _Channel | None:
    """The channel that the webhook for `channel` belongs to: itself, or a thread's parent; None in direct messages."""
    home = channel.parent if isinstance(channel, discord.Thread) else channel
    return home if isinstance(home, _Channel) else None


def spoken_name(persona: Persona) -> str:
    """The persona's name as Discord accepts it for a webhook."""
    harmless = defused(persona.display_name)
    return _RESERVED.sub(lambda match: "\u200b".join(part for part in match.groups() if part), harmless)


def _thread(channel: Any) -> Any:
    return channel if isinstance(channel, discord.Thread) else discord.utils.MISSING
