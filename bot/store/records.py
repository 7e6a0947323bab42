"""The nouns of the store. Ids are Discord's snowflakes unless a name says otherwise; times are unix seconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

VoteReason = Literal["wrong", "character", "rude", "long", "other"]
SCENE = "scene"  # the source of what personas said to each other


MOST_CONTINUATIONS = 5
CUT_OFF = "length"  # the finish reason of a reply that ended at its length limit


def may_go_on(finish_reason: str, continued: int) -> bool:
    """Whether a reply ended at its length limit, and went on not too often."""
    return finish_reason == CUT_OFF and continued < MOST_CONTINUATIONS


@dataclass(frozen=True)
class StoredMessage:
    """One turn as it was sent to the model; `author_id` is None where no member wrote it, or nobody knows who.

    `message_id`: the Discord message that is quoted here; None where nothing is quoted.
    """

    role: str
    content: str
    author_id: int | None
    message_id: int | None = None


@dataclass(frozen=True)
class ReplyRecord:
    """Everything about one reply: what was sent to the model, what came back, and what produced it."""

    channel_id: int
    guild_id: int | None  # None: a direct message, or the terminal
    asker_id: int
    persona: str
    adapter_number: int | None  # None: the base model alone
    adapter_sha256: str | None
    base_fingerprint: str
    messages: tuple[StoredMessage, ...]
    asked: str  # the last user turn, as the member wrote it
    text: str
    finish_reason: str
    sampling: Mapping[str, Any]  # kept as JSON: tuples come back as lists
    seed: int
    prompt_tokens: int
    completion_tokens: int
    queued_s: float
    first_token_s: float | None
    total_s: float
    source: str  # "discord", SCENE or "cli"
    created_at: float
    asker_name: str | None = None  # as it was given to the model
    parent_channel_id: int | None = None  # of the channel that a thread hangs below
    asked_message_id: int | None = None  # the member's message; None where there is none (a slash command)
    parent_reply_id: int | None = None  # the reply that the member answered; None: the channel's running conversation
    regenerates: int | None = None  # the first answer to the same question; None: this is the first
    continued: int = 0  # how often it went on after its length limit

    @property
    def is_scene(self) -> bool:
        """Personas spoke to each other: `asked` is the scene's topic, not what this answers, so it is no example."""
        return self.source == SCENE


@dataclass(frozen=True)
class StoredReply:
    id: int
    record: ReplyRecord
    message_ids: tuple[int, ...]  # the Discord messages that show it, first to last


@dataclass(frozen=True)
class RatedReply(StoredReply):
    likes: frozenset[int]  # voters
    dislikes: frozenset[int]


@dataclass(frozen=True)
class StoredCorrection:
    """A member's better answer to what `reply` answered."""

    id: int
    reply: StoredReply
    author_id: int
    text: str


@dataclass(frozen=True)
class StoredComparison:
    """Of two answers to one question, a member kept `kept`."""

    kept: StoredReply
    other: StoredReply
    member_id: int


@dataclass(frozen=True)
class Standing:
    """A reply among the answers to its question. `rival`: the other of two between which nobody has chosen yet."""

    rival: int | None
    given_up: bool  # another one was kept
    goes_on: bool = False  # it ended at its length limit, and may go on


@dataclass(frozen=True)
class Exchange:
    """One question and its answer, as a conversation needs them."""

    asked: str
    answered: str
    asker_id: int
    created_at: float
    reply_id: int
    asker_name: str | None
    parent_reply_id: int | None = None


@dataclass(frozen=True)
class VoteCount:
    up: int
    down: int


@dataclass(frozen=True)
class ChannelChoice:
    """Who speaks in a channel; with `auto_reply`, also where nobody addressed it."""

    persona: str
    guild_id: int | None
    auto_reply: bool


@dataclass(frozen=True)
class ServerCard:
    """A persona that a server made for itself; `card` is its JSON."""

    guild_id: int
    name: str
    card: str
    author_id: int | None  # None: the author had their data deleted


@dataclass(frozen=True)
class Approval:
    """The votes of one day (unix seconds of its midnight, UTC) or of one adapter version (None: the base model)."""

    key: int | None
    replies: int
    up: int
    down: int

    @property
    def share(self) -> float | None:
        """Likes among the votes, 0.0 to 1.0; None without votes."""
        votes = self.up + self.down
        return self.up / votes if votes else None


@dataclass(frozen=True)
class VersionDay:
    """The votes on what one version (None: the base model) said on one day (unix seconds of its midnight, UTC)."""

    day: int
    number: int | None
    up: int
    down: int


@dataclass(frozen=True)
class Statistics:
    """How a persona (or all) did; response times in seconds as {50: …, 95: …} percentiles, empty without replies."""

    days: tuple[Approval, ...]
    versions: tuple[Approval, ...]
    reasons: Mapping[str, int]
    corrections: int
    comparisons: int
    first_token_s: Mapping[int, float]
    total_s: Mapping[int, float]

    @property
    def replies(self) -> int:
        return sum(version.replies for version in self.versions)

    @property
    def votes(self) -> VoteCount:
        return VoteCount(sum(v.up for v in self.versions), sum(v.down for v in self.versions))
