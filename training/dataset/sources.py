"""Where training rows come from: the store's snapshot, and the ordinary questions of the preservation set.

It hands over every candidate with what is known of it; `dataset` decides which are used.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path

from bot.personas.catalog import Pair, read_pairs
from bot.prompt import Message
from bot.store import RatedReply, ReplyRecord, Snapshot, StoredComparison, StoredCorrection

DATA = Path(__file__).parents[1] / "data"
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
class CollectedFeedback:
    """All that members said about one persona, of one moment."""

    consenting: frozenset[int] = frozenset()
    replies: tuple[RatedReply, ...] = ()
    corrections: tuple[StoredCorrection, ...] = ()
    comparisons: tuple[StoredComparison, ...] = ()
    conversations: Mapping[int, int] = field(default_factory=dict)  # reply id → id of its conversation's first reply


def read_feedback(snapshot: Snapshot, persona: str) -> CollectedFeedback:
    """Everything training may want of the snapshot; only replies with a vote are kept in memory.

    Scenes are left out: what a persona said to another one answers no member.
    """
    rated: list[RatedReply] = []
    threads = _Conversations()
    for reply in snapshot.replies(persona):
        if reply.record.is_scene:
            continue
        threads.add(reply)
        if reply.likes or reply.dislikes:
            rated.append(reply)
    return CollectedFeedback(
        snapshot.consenting_members(),
        tuple(rated),
        tuple(one for one in snapshot.corrections(persona) if not one.reply.record.is_scene),
        tuple(one for one in snapshot.comparisons(persona) if not one.kept.record.is_scene),
        threads.first_reply,
    )


class _Conversations:
    """Which conversation each reply belongs to; replies are given oldest first."""

    def __init__(self) -> None:
        self.first_reply: dict[int, int] = {}
        self._running: dict[int, int] = {}  # channel → its conversation

    def add(self, reply: RatedReply) -> None:
        record = reply.record
        known = self._of(record.regenerates) or self._of(record.parent_reply_id)
        if known is None and any(message.role == "assistant" for message in record.messages):
            known = self._running.get(record.channel_id)
        self.first_reply[reply.id] = self._running[record.channel_id] = reply.id if known is None else known

    def _of(self, reply_id: int | None) -> int | None:
        return None if reply_id is None else self.first_reply.get(reply_id)


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
