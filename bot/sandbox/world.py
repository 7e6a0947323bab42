"""The demo server the sandbox plays: its members, channels and direct messages, kept in simcord's backend.

Members and channels have the same ids on every start, so that what the bot stored about them still
holds; messages get ids from the real time. Knows nothing of sockets or the page.
"""

import datetime
import secrets
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from simcord.backend import Backend, serializers

from bot.sandbox.attachments import AttachmentStore

KEPT_MESSAGES = 500  # per channel, so that a long run keeps its memory

_DISCORD_EPOCH = datetime.datetime(2015, 1, 1, tzinfo=datetime.UTC)
_BIRTHDAY = datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)

EventListener = Callable[[str, Mapping[str, Any]], None]


@dataclass(frozen=True)
class DemoMember:
    number: int  # its id is derived from this: never reuse or renumber
    name: str
    display_name: str
    avatar: str
    color: str
    about: str


@dataclass(frozen=True)
class DemoChannel:
    number: int
    name: str
    topic: str
    hints: tuple[str, ...]  # messages an empty channel suggests


BOT_NAME, BOT_AVATAR, BOT_COLOR = "Troupe", "🎭", "#7c5cff"
GUILD_NUMBER, GUILD_NAME = 1, "The Playhouse"
MEMBERS = (
    DemoMember(10, "mika", "Mika", "🦊", "#e8833a", "server owner, may manage channels"),
    DemoMember(11, "juno", "Juno", "🐼", "#3ba55d", "member"),
    DemoMember(12, "pip", "Pip", "🐸", "#3d8bd4", "member"),
)
CHANNELS = (
    DemoChannel(
        20,
        "tavern",
        "A pirate holds court here. Ask anything.",
        ("Is Paris in France?", "What should I cook tonight?", "Tell me about the moon."),
    ),
    DemoChannel(
        21,
        "critics-corner",
        "A sarcastic critic reviews whatever you say.",
        ("Why is the sky blue?", "I started jogging today!", "Is Monday a good day?"),
    ),
    DemoChannel(
        22,
        "lounge",
        "Nobody special speaks here yet: cast someone with /persona switch.",
        ("Name three planets.", "/persona list", "/persona switch"),
    ),
    DemoChannel(
        23,
        "gadsbys-study",
        "A jolly old man who avoids a particular symbol of our ABC.",
        ("Who are you?", "How do I make tea?", "Describe the ocean."),
    ),
    DemoChannel(
        24,
        "wrens-porch",
        "A mentor who answers, and asks.",
        ("I can't decide between two jobs.", "What is courage?", "How do I focus?"),
    ),
    DemoChannel(
        25,
        "couch",
        "Small talk with a friend.",
        ("I got a puppy!", "I'm bored", "what's up?"),
    ),
)


class WorldClock:
    """Real time, except while a fixture is made: its snowflake then comes from a fixed instant."""

    def __init__(self) -> None:
        self._held: datetime.datetime | None = None

    def now(self) -> datetime.datetime:
        return self._held or datetime.datetime.now(datetime.UTC)

    def advance(self, seconds: float) -> None:
        raise NotImplementedError("the sandbox lives in real time")

    @contextmanager
    def held_at(self, instant: datetime.datetime) -> Iterator[None]:
        self._held = instant
        try:
            yield
        finally:
            self._held = None


class World(Backend):  # type: ignore[misc]  # simcord is untyped for us
    """simcord's backend with the demo server in it, bounded in memory, and audible for ephemeral messages."""

    _last_snowflake: tuple[int, int] = (0, -1)

    def __init__(
        self,
        members: Sequence[DemoMember] = MEMBERS,
        channels: Sequence[DemoChannel] = CHANNELS,
        *,
        kept_messages: int = KEPT_MESSAGES,
        locale: str = "en-US",
        about: str = "",
    ) -> None:
        """The first of `members` owns the server. `kept_messages`: per channel; older ones are forgotten.

        `locale`: the language of the server and of everybody on it, as Discord names it.
        """
        self.locale = locale
        self._kept_messages = kept_messages
        self.demo_members, self.demo_channels = tuple(members), tuple(channels)
        self.about = about  # the model that speaks, in a line for the first screen
        clock = WorldClock()
        #: Called like `subscribers`, but for ephemeral messages, which no gateway ever carries.
        self.whisper_listeners: list[EventListener] = []
        with clock.held_at(_BIRTHDAY):
            super().__init__(clock=clock)
        self.cdn = AttachmentStore()
        self.transcript: deque[Any] = deque(maxlen=0)  # simcord's debugging records would grow for ever
        self.http_requests: deque[Any] = deque(maxlen=0)
        self.bot_user.name = BOT_NAME
        for member in self.demo_members:
            self._member(member)
        self.guild = self._guild()
        for channel in self.demo_channels:
            self._channel(channel)

    # ------------------------------------------------------------------ fixtures

    @contextmanager
    def _fixture(self, number: int) -> Iterator[None]:
        with self.clock.held_at(_BIRTHDAY + datetime.timedelta(minutes=number)):
            yield
        self._last_snowflake = (0, -1)

    def _member(self, member: DemoMember) -> None:
        with self._fixture(member.number):
            user = self.make_user(member.name, global_name=member.display_name)
            self.get_dm_channel(user.id)

    def _guild(self) -> Any:
        with self._fixture(GUILD_NUMBER):
            guild_id = self.snowflake()
            guild = self.create_guild(GUILD_NAME, id=guild_id, owner_id=self.member_id(self.demo_members[0].name))
        guild.preferred_locale = self.locale
        for member in self.demo_members[1:]:
            self.add_member(guild_id, self.member_id(member.name))
        return guild

    def _channel(self, channel: DemoChannel) -> None:
        with self._fixture(channel.number):
            self.create_channel(self.guild.id, channel.name, topic=channel.topic)

    def member_id(self, name: str) -> int:
        return int(next(user.id for user in self.users.values() if user.name == name and not user.bot))

    def channel_id(self, name: str) -> int:
        return int(next(key for key in self.guild.channel_ids if self.channels[key].name == name))

    # ------------------------------------------------------------------ simcord, for a long life

    def snowflake(self) -> int:
        """Ever-growing ids, without simcord's registry of every id it has given out."""
        elapsed = self.clock.now() - _DISCORD_EPOCH
        milliseconds = elapsed // datetime.timedelta(milliseconds=1)
        last, sequence = self._last_snowflake
        milliseconds, sequence = (last, sequence + 1) if milliseconds <= last else (milliseconds, 0)
        self._last_snowflake = (milliseconds, sequence)
        return int(milliseconds << 22 | sequence)

    def new_interaction(self, type: int, channel_id: int, user_id: int, guild_id: int | None) -> Any:  # noqa: A002
        """As simcord does, with a token that nobody can guess: it is all that answering needs."""
        self._forget_expired_interactions()
        record = super().new_interaction(type, channel_id, user_id, guild_id)
        del self.interaction_tokens[record.token]
        record.token = secrets.token_urlsafe(48)
        self.interaction_tokens[record.token] = record.id
        return record

    def create_webhook(self, channel_id: int, name: str, creator_id: int) -> Any:
        """As simcord does, with a token that nobody can guess: it is all that posting needs."""
        webhook = super().create_webhook(channel_id, name, creator_id)
        del self.webhook_tokens[webhook.token]
        webhook.token = secrets.token_urlsafe(48)
        self.webhook_tokens[webhook.token] = webhook.id
        return webhook

    def _forget_expired_interactions(self) -> None:
        now = self.now_iso()
        for key, record in list(self.interactions.items()):
            if record.expires_at > now:
                return  # in order of creation: all later ones are alive too
            del self.interactions[key]
            self.interaction_tokens.pop(record.token, None)

    def commit_message(self, message: Any, *, broadcast: bool = True) -> Any:
        kept = super().commit_message(message, broadcast=broadcast)
        stored = self.messages[message.channel_id]
        while len(stored) > self._kept_messages:
            forgotten = stored.pop(next(iter(stored)))
            self.cdn.forget(forgotten.attachments)
        self._whisper("MESSAGE_CREATE", kept)
        return kept

    def edit_message(self, channel_id: int, message_id: int, fields: dict[str, Any]) -> Any:
        message = super().edit_message(channel_id, message_id, fields)
        self._whisper("MESSAGE_UPDATE", message)
        return message

    def delete_message(self, channel_id: int, message_id: int) -> None:
        message = self.get_message(channel_id, message_id)
        super().delete_message(channel_id, message_id)
        self.cdn.forget(message.attachments)
        self._whisper("MESSAGE_DELETE", message)

    def _whisper(self, event: str, message: Any) -> None:
        if message.is_ephemeral:
            payload = {"id": str(message.id), "channel_id": str(message.channel_id)}
            for listener in self.whisper_listeners:
                listener(event, payload)

    def member_chunks(self, request: Mapping[str, Any]) -> list[dict[str, Any]]:
        """GUILD_MEMBERS_CHUNK payloads that answer one gateway request (op 8)."""
        guild = self.get_guild(int(request["guild_id"]))
        members = list(guild.members.values())
        missing: list[str] = []
        if wanted := request.get("user_ids"):
            ids = {int(key) for key in (wanted if isinstance(wanted, list) else [wanted])}
            members = [member for member in members if member.user_id in ids]
            missing = [str(key) for key in sorted(ids - {member.user_id for member in members})]
        elif prefix := str(request.get("query") or "").lower():
            members = [m for m in members if self.users[m.user_id].name.lower().startswith(prefix)]
        members = members[: int(request.get("limit") or 0) or None]
        chunk: dict[str, Any] = {
            "guild_id": str(guild.id),
            "members": [serializers.member_payload(self, guild, member) for member in members],
            "chunk_index": 0,
            "chunk_count": 1,
        }
        if missing:
            chunk["not_found"] = missing
        if request.get("nonce"):
            chunk["nonce"] = request["nonce"]
        if request.get("presences"):
            chunk["presences"] = []
        return [chunk]
