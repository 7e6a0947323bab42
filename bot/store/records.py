"""Owns the nouns of the store. Ids are Discord's snowflakes unless a name says otherwise; times are unix seconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class StoredMessage:
    """One turn as it was sent to the model; `author_id` is None where no member wrote it."""

    role: str
    content: str
    author_id: int | None


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
    source: str  # "discord" or "cli"
    created_at: float


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
class Exchange:
    """One question and its answer, as a conversation needs them."""

    asked: str
    answered: str
    asker_id: int
    created_at: float


@dataclass(frozen=True)
class VoteCount:
    up: int
    down: int
