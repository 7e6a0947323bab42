"""The demo server's memory across starts: messages, threads, webhooks and files in one JSON file.

What only lives while the bot does (ephemeral messages, interactions, unanswered "thinking") is not kept.
"""

import re
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from simcord.backend.models import Channel, Message, User, Webhook

from bot.errors import ConfigError
from bot.sandbox.world import World
from bot.versions.registry import write_atomically

_THINKING_FLAG = 1 << 7


class State(BaseModel):
    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    version: Literal[1] = 1
    secret: str = ""  # the page's address stays what it was
    threads: list[Channel] = []
    webhooks: list[Webhook] = []
    messages: list[Message] = []
    files: dict[str, bytes] = {}


class StateFile:
    """Reads the file into a fresh world once, and writes it again whenever something has changed."""

    def __init__(self, path: Path, world: World, secret: str) -> None:
        self.secret = secret
        self._path = path
        self._world = world
        self._changed = True
        world.subscribers.append(self._on_event)

    def _on_event(self, event: str, _payload: Any) -> None:
        self._changed = self._changed or event not in ("TYPING_START", "INTERACTION_CREATE", "PRESENCE_UPDATE")

    def load(self) -> None:
        """Raises ConfigError for a file that cannot be read; a missing one is a fresh start."""
        try:
            state = State.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return
        except (OSError, ValidationError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not a state file of this version"
            raise ConfigError(
                f"sandbox.state = {str(self._path)!r}: {reason}; name another file or delete it."
            ) from None
        restore(self._world, state)
        self.secret = state.secret or self.secret
        self._changed = not state.secret

    def save(self) -> None:
        if self._changed:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._path, snapshot(self._world, self.secret).model_dump_json())
            self._changed = False


def snapshot(world: World, secret: str = "") -> State:
    return State(
        secret=secret,
        threads=[channel for channel in world.channels.values() if channel.is_thread],
        webhooks=list(world.webhooks.values()),
        messages=[
            message
            for stored in world.messages.values()
            for message in stored.values()
            if not message.is_ephemeral and not message.flags & _THINKING_FLAG
        ],
        files=world.cdn.files,
    )


def restore(world: World, state: State) -> None:
    """Put `state` into a fresh world; what belongs to channels that are no more is left out."""
    for thread in state.threads:
        if thread.parent_id in world.channels:
            world.channels[thread.id] = thread
            world.messages[thread.id] = {}
            world.guild.thread_ids.append(thread.id)
    for webhook in state.webhooks:
        if webhook.channel_id in world.channels:
            world.users[webhook.webhook_user_id] = User(id=webhook.webhook_user_id, name=webhook.name, bot=True)
            world.webhooks[webhook.id] = webhook
            world.webhook_tokens[webhook.token] = webhook.id
    for key, data in state.files.items():
        world.cdn.keep(key, data)
    for message in state.messages:
        if message.channel_id in world.messages and message.author_id in world.users:
            message.attachments = [_at_home(world, attachment) for attachment in message.attachments]
            world.messages[message.channel_id][message.id] = message
            world.channels[message.channel_id].last_message_id = message.id


def _at_home(world: World, attachment: dict[str, Any]) -> dict[str, Any]:
    """The sandbox may listen on another port than it did when the file was attached."""
    url = re.sub(r"^http://[^/]+", world.cdn.base_url, attachment["url"])
    return {**attachment, "url": url, "proxy_url": url}
