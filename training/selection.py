"""Owns which of the candidates a dataset takes: the rules, the held-out split, and the count of what is left out."""

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.errors import PromptTooLong
from bot.personas import Pair, Persona
from bot.prompt import Message, PromptRenderer
from bot.store import RatedReply, ReplyRecord, StoredComparison, StoredCorrection
from training.dataset import Dataset, Item, PreferencePair, Row, VotedRow
from training.quality import flaw_of
from training.sources import PLAIN_PROMPT, Feedback, Source, authors_of, turns_of

T = TypeVar("T")
Kind = TypeVar("Kind", Row, PreferencePair, VotedRow)

# Fewer rows of the persona's own than this teach a few sentences by heart, not a manner of speaking.
FEWEST_ROWS = 10
# With fewer conversations than this, each one teaches more than it would measure.
FEWEST_CONVERSATIONS_TO_SPLIT = 10


@dataclass(frozen=True)
class Rules:
    """The limits of config.toml's [training] that shape a dataset."""

    min_likes: int
    seed_pairs: int
    preservation_pairs: int
    correction_weight: int
    heldout_share: float
    max_tokens: int


def build_dataset(
    persona: Persona,
    feedback: Feedback,
    seeds: Sequence[Pair],
    preservation: Sequence[Pair],
    heldout_prompts: Sequence[str],
    rules: Rules,
    renderer: PromptRenderer,
) -> Dataset:
    """Choose the rows. Deterministic: the same input gives the same rows in the same order.

    `heldout_prompts` are never trained on. When too little is left, the dataset's `refusal` says so with counts.
    """
    builder = _Builder(persona, feedback, rules, renderer, frozenset(map(_normal, heldout_prompts)))
    for correction in feedback.corrections:
        builder.add_correction(correction)
    for comparison in feedback.comparisons:
        builder.add_comparison(comparison)
    for reply in feedback.replies:
        builder.add_reply(reply)
        builder.add_vote(reply)
    for pair in evenly(seeds, rules.seed_pairs):
        builder.add_pair(Source.SEED, pair, persona.system_prompt)
    for pair in evenly(preservation, rules.preservation_pairs):
        builder.add_pair(Source.PRESERVATION, pair, PLAIN_PROMPT)
    dataset = builder.dataset()
    return dataclasses.replace(dataset, refusal=_refusal(dataset))


class _Builder:
    """Takes candidates one by one, in order of trust, and counts what it leaves out."""

    def __init__(
        self,
        persona: Persona,
        feedback: Feedback,
        rules: Rules,
        renderer: PromptRenderer,
        heldout_prompts: frozenset[str],
    ) -> None:
        self._persona = persona
        self._feedback = feedback
        self._rules = rules
        self._renderer = renderer
        self._heldout_prompts = heldout_prompts
        self._seen: set[tuple[str, str, str]] = set()
        self._rows: list[Row] = []
        self._preferences: list[PreferencePair] = []
        self._votes: list[VotedRow] = []
        self._dropped: Counter[tuple[Source, str]] = Counter()

    def add_correction(self, correction: StoredCorrection) -> None:
        record = correction.reply.record
        authors = {correction.author_id, *authors_of(record)}
        reason = self._unconsented(authors) or self._flaw(correction.text)
        if self._add_exchange(Source.CORRECTION, correction.reply.id, record, correction.text, reason):
            ids = (correction.reply.id,)
            self._add_preference(Source.CORRECTION, ids, record, correction.text, record.text)

    def add_comparison(self, comparison: StoredComparison) -> None:
        kept, other = comparison.kept, comparison.other
        reason = self._unconsented({comparison.member_id, *authors_of(kept.record)}) or self._broken(kept.record)
        if reason is not None:
            self._dropped[Source.COMPARISON, reason] += 1
        else:
            self._add_preference(
                Source.COMPARISON, (kept.id, other.id), kept.record, kept.record.text, other.record.text
            )

    def add_reply(self, reply: RatedReply) -> None:
        reason = (
            self._unpopular(reply) or self._unconsented(set(authors_of(reply.record))) or self._broken(reply.record)
        )
        self._add_exchange(Source.LIKED, reply.id, reply.record, reply.record.text, reason)

    def add_vote(self, reply: RatedReply) -> None:
        record = reply.record
        likes, dislikes = (len(voters & self._feedback.consenting) for voters in (reply.likes, reply.dislikes))
        reason = self._unconsented(set(authors_of(record)))
        if likes == dislikes:
            reason = reason or "as many likes as dislikes"
        elif likes > dislikes:
            reason = reason or self._flaw(record.text)
        if _normal(turns_of(record)[-1].content) in self._heldout_prompts:
            reason = reason or "its prompt is held out for the gate"
        messages = None if reason else self._fitted(self._persona.system_prompt, turns_of(record), record.text)
        if messages is None:
            self._dropped[Source.VOTE, reason or self._too_long] += 1
        else:
            sure = abs(likes - dislikes) / (likes + dislikes)
            self._votes.append(VotedRow(messages, record.text, likes > dislikes, sure, reply.id))

    def add_pair(self, source: Source, pair: Pair, system: str) -> None:
        self._add(Row(source, (), pair.completion), [Message("user", pair.prompt)], system)

    def dataset(self) -> Dataset:
        held_out = self._held_out_conversations()
        rows, heldout = self._split(self._rows, held_out)
        preferences, heldout_preferences = self._split(self._preferences, held_out)
        votes, heldout_votes = self._split(self._two_sided_votes(), held_out)
        return Dataset(
            self._persona.name,
            rows,
            heldout,
            preferences,
            heldout_preferences,
            votes,
            heldout_votes,
            self._dropped,
        )

    def _two_sided_votes(self) -> list[VotedRow]:
        """Likes alone, or dislikes alone, do not tell answers apart."""
        sides = Counter("likes" if vote.liked else "dislikes" for vote in self._votes)
        if len(sides) != 1:
            return self._votes
        [(side, count)] = sides.items()
        self._dropped[Source.VOTE, f"one-sided: there are only {side}"] += count
        return []

    def _split(self, items: Sequence[Kind], held_out: frozenset[int]) -> tuple[tuple[Kind, ...], tuple[Kind, ...]]:
        """What is learned and what is held out."""
        learned = tuple(item for item in items if not held_out & self._conversations(item))
        held = tuple(item for item in items if held_out & self._conversations(item))
        return learned, held

    def _conversations(self, item: Item) -> set[int]:
        return {self._feedback.conversations.get(reply_id, reply_id) for reply_id in item.reply_ids}

    def _add_exchange(
        self, source: Source, reply_id: int, record: ReplyRecord, answer: str, reason: str | None
    ) -> bool:
        if reason is not None:
            self._dropped[source, reason] += 1
            return False
        weight = self._rules.correction_weight if source is Source.CORRECTION else 1
        return self._add(Row(source, (), answer, weight, reply_id), turns_of(record), self._persona.system_prompt)

    def _add_preference(
        self, source: Source, reply_ids: tuple[int, ...], record: ReplyRecord, chosen: str, rejected: str
    ) -> None:
        turns, system = turns_of(record), self._persona.system_prompt
        longer = max(chosen, rejected, key=len)
        if _normal(turns[-1].content) in self._heldout_prompts:
            self._dropped[source, "its prompt is held out for the gate"] += 1
        elif _normal(chosen) == _normal(rejected):
            self._dropped[source, "as a preference: both answers say the same"] += 1
        elif (messages := self._fitted(system, turns, longer)) is None:
            self._dropped[source, self._too_long] += 1
        else:
            weight = self._rules.correction_weight if source is Source.CORRECTION else 1
            self._preferences.append(PreferencePair(source, messages, chosen, rejected, weight, reply_ids))

    def _add(self, row: Row, turns: Sequence[Message], system: str) -> bool:
        prompt = _normal(turns[-1].content)
        key = (system, prompt, _normal(row.completion))
        if prompt in self._heldout_prompts:
            self._dropped[row.source, "its prompt is held out for the gate"] += 1
        elif key in self._seen:
            self._dropped[row.source, "says the same as another row"] += 1
        elif (messages := self._fitted(system, turns, row.completion)) is None:
            self._dropped[row.source, self._too_long] += 1
        else:
            self._seen.add(key)
            self._rows.append(dataclasses.replace(row, messages=messages))
            return True
        return False

    @property
    def _too_long(self) -> str:
        return f"longer than training.max_tokens = {self._rules.max_tokens}"

    def _fitted(self, system: str, turns: Sequence[Message], completion: str) -> tuple[Message, ...] | None:
        """The newest turns that fit, as serving cuts them; None when not even the last one does."""
        answer_tokens = sum(self._renderer.training_example(turns[-1:], completion).loss_mask)
        try:
            messages, _ = self._renderer.fit(system, turns, self._rules.max_tokens - answer_tokens)
        except PromptTooLong:
            return None
        return tuple(messages)

    def _unpopular(self, reply: RatedReply) -> str | None:
        likes = len(reply.likes & self._feedback.consenting)
        if likes < self._rules.min_likes:
            return "too few likes of consenting members"
        return "as many dislikes as likes, or more" if likes <= len(reply.dislikes) else None

    def _unconsented(self, authors: set[int | None]) -> str | None:
        return None if authors <= self._feedback.consenting else "somebody whose words it holds did not consent"

    def _broken(self, record: ReplyRecord) -> str | None:
        return "was cut off" if record.finish_reason != "stop" else self._flaw(record.text)

    def _flaw(self, text: str) -> str | None:
        flaw = flaw_of(text)
        return None if flaw is None else f"its answer is {flaw}"

    def _held_out_conversations(self) -> frozenset[int]:
        """A share of the conversations, chosen by hash: one that is held out stays so in later trainings."""
        items: list[Item] = [*self._rows, *self._preferences, *self._votes]
        conversations = {conversation for item in items for conversation in self._conversations(item)}
        if len(conversations) < FEWEST_CONVERSATIONS_TO_SPLIT:
            return frozenset()
        return frozenset(c for c in conversations if _lot(self._persona.name, c) < self._rules.heldout_share)


def evenly(items: Sequence[T], count: int) -> list[T]:
    """`count` items spread over the whole sequence, so that every topic of a sorted file keeps its share."""
    if len(items) <= count:
        return list(items)
    return [items[index * len(items) // count] for index in range(count)]


def _lot(persona: str, conversation: int) -> float:
    """A fixed number in [0, 1) per conversation."""
    return int.from_bytes(hashlib.sha256(f"{persona}:{conversation}".encode()).digest()[:6]) / 2**48


def _normal(text: str) -> str:
    """What two texts that say the same have in common: words, without case, spacing or punctuation."""
    kept = "".join(c if c.isalnum() else " " for c in text.casefold())
    return " ".join(kept.split()) or text.strip()


def _refusal(dataset: Dataset) -> str | None:
    own = sum(count for source, count in dataset.kept.items() if source is not Source.PRESERVATION)
    if own >= FEWEST_ROWS:
        return None
    counts = dataset.kept
    left_out = "; ".join(_left_out(dataset.dropped))
    return (
        f"{dataset.persona}: {own} usable rows ({counts[Source.SEED]} seed pairs, {counts[Source.LIKED]} liked "
        f"replies, {counts[Source.CORRECTION]} corrections), and training needs {FEWEST_ROWS}: write seed pairs into "
        f"adapters/{dataset.persona}/examples.jsonl, or wait for more liked replies of members who consented."
        + (f" Left out: {left_out}." if left_out else "")
    )


def _left_out(dropped: Counter[tuple[Source, str]]) -> Iterator[str]:
    for (source, reason), count in sorted(dropped.items()):
        yield f"{count} × {source.value} ({reason})"
