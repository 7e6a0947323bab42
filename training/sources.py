"""Owns where training rows come from: the store's snapshot, a persona's seed pairs, the preservation set.

It hands over every candidate with what is known of it; `dataset` decides which are used.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path

from bot.personas import Pair, read_pairs
from bot.prompt import Message
from bot.store import RatedReply, ReplyRecord, Snapshot, StoredComparison, StoredCorrection

DATA = Path(__file__).parent / "data"
# What ordinary questions are asked under: a persona speaks under its own system prompt and without any.
PLAIN_PROMPT = "You are a helpful assistant. Answer plainly and correctly."


class Source(StrEnum):
    """In order of trust: of two rows that say the same, the first one's is kept."""

    CORRECTION = "correction"
    LIKED = "liked"
    SEED = "seed"
    SAMPLED = "sampled"  # the persona's own answer, chosen by what votes taught
    TEXT = "text"
    PRESERVATION = "preservation"
    COMPARISON = "comparison"  # only as preference pairs
    VOTE = "vote"  # only as voted rows


@dataclass(frozen=True)
class Feedback:
    """All that members said about one persona, of one moment."""

    consenting: frozenset[int] = frozenset()
    replies: tuple[RatedReply, ...] = ()
    corrections: tuple[StoredCorrection, ...] = ()
    comparisons: tuple[StoredComparison, ...] = ()
    conversations: Mapping[int, int] = field(default_factory=dict)  # reply id → id of its conversation's first reply


def read_feedback(snapshot: Snapshot, persona: str) -> Feedback:
    """Everything training may want of the snapshot; only replies with a vote are kept in memory."""
    rated: list[RatedReply] = []
    conversations: dict[int, int] = {}
    current: dict[int, int] = {}
    for reply in snapshot.replies(persona):
        if reply.record.is_scene:
            continue
        channel = reply.record.channel_id
        if _opens_conversation(reply.record) or channel not in current:
            current[channel] = reply.id
        conversations[reply.id] = current[channel]
        if reply.likes or reply.dislikes:
            rated.append(reply)
    corrections = tuple(c for c in snapshot.corrections(persona) if not c.reply.record.is_scene)
    comparisons = tuple(snapshot.comparisons(persona))
    return Feedback(snapshot.consenting_members(), tuple(rated), corrections, comparisons, conversations)


def _opens_conversation(record: ReplyRecord) -> bool:
    return not any(message.role == "assistant" for message in record.messages)


def turns_of(record: ReplyRecord) -> list[Message]:
    """What was said before the reply, without the system prompt of that day."""
    turns = [message for message in record.messages if message.role != "system"]
    return [Message("user" if turn.role == "user" else "assistant", turn.content) for turn in turns]


def authors_of(record: ReplyRecord) -> Iterator[int | None]:
    """Everyone whose words the reply answers; None stands for an unknown author."""
    yield record.asker_id
    yield from (message.author_id for message in record.messages if message.role == "user")


@cache
def preservation_pairs() -> tuple[Pair, ...]:
    """Ordinary questions answered in a neutral voice, mixed into every training."""
    return tuple(read_pairs(DATA / "preservation.jsonl"))


@cache
def preservation_heldout() -> tuple[Pair, ...]:
    """Their never-trained counterpart, for the gate."""
    return tuple(read_pairs(DATA / "preservation_heldout.jsonl"))
