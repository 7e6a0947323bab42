"""Owns which rows an adapter is trained on: the rules, the held-out split, the counts, and the content hash."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from bot.errors import DatasetError, PromptTooLong
from bot.personas import Pair, Persona
from bot.prompt import Message, PromptRenderer, TrainingExample
from bot.store import RatedReply, ReplyRecord, StoredCorrection
from training.quality import flaw_of
from training.sources import Feedback, Source, authors_of, turns_of

T = TypeVar("T")

# Fewer rows of the persona's own than this teach a few sentences by heart, not a manner of speaking.
FEWEST_ROWS = 10
# With fewer liked conversations than this, each one teaches more than it would measure.
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


@dataclass(frozen=True)
class Row:
    """One exchange to learn: `messages` as the model is served them, and the answer. `reply_id` tells its origin."""

    source: Source
    messages: tuple[Message, ...]
    completion: str
    weight: int = 1
    reply_id: int | None = None


@dataclass(frozen=True)
class Dataset:
    """What one training of `persona` sees (`rows`) and what it is judged by (`heldout`)."""

    persona: str
    rows: tuple[Row, ...]
    heldout: tuple[Row, ...]
    dropped: Counter[tuple[Source, str]] = field(default_factory=Counter)

    @property
    def kept(self) -> Counter[Source]:
        return Counter(row.source for row in self.rows)

    @property
    def reply_ids(self) -> list[int]:
        """The stored replies that rows come from; deleting one marks the adapter for rebuilding."""
        return sorted({row.reply_id for row in self.rows if row.reply_id is not None})

    @cached_property
    def sha256(self) -> str:
        """Of the training rows as canonical JSON, one a line: equal content, equal hash."""
        return hashlib.sha256("\n".join(map(canonical_json, self.rows)).encode()).hexdigest()

    def examples(self, renderer: PromptRenderer) -> list[TrainingExample]:
        """Token ids and loss masks, each row as often as its weight."""
        return [example for row in self.rows for example in [render(renderer, row)] * row.weight]


def canonical_json(row: Row) -> str:
    return json.dumps(
        {
            "source": row.source.value,
            "messages": [{"role": message.role, "content": message.content} for message in row.messages],
            "completion": row.completion,
            "weight": row.weight,
            "reply_id": row.reply_id,
        },
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )


def render(renderer: PromptRenderer, row: Row) -> TrainingExample:
    return renderer.training_example(row.messages, row.completion)


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

    `heldout_prompts` are never trained on. Raises DatasetError, with counts, when too little is left.
    """
    builder = _Builder(persona, feedback, rules, renderer, frozenset(map(_normal, heldout_prompts)))
    for correction in feedback.corrections:
        builder.add_correction(correction)
    for reply in feedback.replies:
        builder.add_reply(reply)
    for pair in evenly(seeds, rules.seed_pairs):
        builder.add_pair(Source.SEED, pair, persona.system_prompt)
    for pair in evenly(preservation, rules.preservation_pairs):
        builder.add_pair(Source.PRESERVATION, pair, "")
    dataset = builder.dataset()
    _require_enough(dataset)
    return dataset


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
        self._dropped: Counter[tuple[Source, str]] = Counter()

    def add_correction(self, correction: StoredCorrection) -> None:
        record = correction.reply.record
        authors = {correction.author_id, *authors_of(record)}
        reason = self._unconsented(authors) or self._flaw(correction.text)
        self._add_exchange(Source.CORRECTION, correction.reply.id, record, correction.text, reason)

    def add_reply(self, reply: RatedReply) -> None:
        reason = (
            self._unpopular(reply) or self._unconsented(set(authors_of(reply.record))) or self._broken(reply.record)
        )
        self._add_exchange(Source.LIKED, reply.id, reply.record, reply.record.text, reason)

    def add_pair(self, source: Source, pair: Pair, system: str) -> None:
        self._add(Row(source, (), pair.completion), [Message("user", pair.prompt)], system)

    def dataset(self) -> Dataset:
        held_out = self._held_out_conversations()
        conversations = self._feedback.conversations
        sides: tuple[list[Row], list[Row]] = ([], [])
        for row in self._rows:
            held = row.reply_id is not None and conversations.get(row.reply_id, row.reply_id) in held_out
            sides[held].append(row)
        rows, heldout = sides
        return Dataset(self._persona.name, tuple(rows), tuple(heldout), self._dropped)

    def _add_exchange(
        self, source: Source, reply_id: int, record: ReplyRecord, answer: str, reason: str | None
    ) -> None:
        if reason is not None:
            self._dropped[source, reason] += 1
            return
        weight = self._rules.correction_weight if source is Source.CORRECTION else 1
        self._add(Row(source, (), answer, weight, reply_id), turns_of(record), self._persona.system_prompt)

    def _add(self, row: Row, turns: Sequence[Message], system: str) -> None:
        prompt = _normal(turns[-1].content)
        key = (system, prompt, _normal(row.completion))
        if prompt in self._heldout_prompts:
            self._dropped[row.source, "its prompt is held out for the gate"] += 1
        elif key in self._seen:
            self._dropped[row.source, "says the same as another row"] += 1
        elif (messages := self._fitted(system, turns, row.completion)) is None:
            self._dropped[row.source, f"longer than training.max_tokens = {self._rules.max_tokens}"] += 1
        else:
            self._seen.add(key)
            self._rows.append(Row(row.source, messages, row.completion, row.weight, row.reply_id))

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
        """A share of the liked conversations, chosen by hash: one that is held out stays so in later trainings."""
        known = self._feedback.conversations
        conversations = {known.get(row.reply_id, row.reply_id) for row in self._rows if row.reply_id is not None}
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


def _require_enough(dataset: Dataset) -> None:
    own = sum(count for source, count in dataset.kept.items() if source is not Source.PRESERVATION)
    if own >= FEWEST_ROWS:
        return
    counts = dataset.kept
    left_out = "; ".join(_left_out(dataset.dropped))
    raise DatasetError(
        f"{dataset.persona}: {own} usable rows ({counts[Source.SEED]} seed pairs, {counts[Source.LIKED]} liked "
        f"replies, {counts[Source.CORRECTION]} corrections), and training needs {FEWEST_ROWS}: write seed pairs into "
        f"adapters/{dataset.persona}/examples.jsonl, or wait for more liked replies of members who consented."
        + (f" Left out: {left_out}." if left_out else "")
    )


def _left_out(dropped: Counter[tuple[Source, str]]) -> Iterator[str]:
    for (source, reason), count in sorted(dropped.items()):
        yield f"{count} × {source.value} ({reason})"
