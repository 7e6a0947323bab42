"""What a training sees: rows to imitate, preference pairs, votes; their held-out parts, and one content hash.

`selection` decides what gets in; how an example becomes token ids is the prompt renderer's work.
"""

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from bot.prompt import Message, PromptRenderer, TrainingExample
from training.dataset.mixing import drawn
from training.dataset.sources import Source


@dataclass(frozen=True)
class Row:
    """One exchange to learn: `messages` as the model is served them, and the answer. `reply_id` tells its origin.

    Without messages it is running text: every token of it is learned.
    """

    source: Source
    messages: tuple[Message, ...]
    completion: str
    weight: int = 1
    reply_id: int | None = None

    @property
    def reply_ids(self) -> tuple[int, ...]:
        return () if self.reply_id is None else (self.reply_id,)


@dataclass(frozen=True)
class PreferencePair:
    """Of two answers to `messages`, the one members want and the one it replaces (DPO). `weight`: how often it counts.

    `source` is COMPARISON (a member kept one of two answers), CORRECTION (a member wrote a better one) or SAMPLED (both
    are the persona's own, ranked by what votes taught or by what is right).
    """

    source: Source
    messages: tuple[Message, ...]
    chosen: str
    rejected: str
    weight: int
    reply_ids: tuple[int, ...]


@dataclass(frozen=True)
class VotedRow:
    """An answer that members liked or disliked, unpaired (KTO). `weight` in (0, 1]: how sure their votes make it."""

    messages: tuple[Message, ...]
    completion: str
    liked: bool
    weight: float
    reply_id: int

    @property
    def reply_ids(self) -> tuple[int, ...]:
        return (self.reply_id,)


Item = Row | PreferencePair | VotedRow


@dataclass(frozen=True)
class PreferenceExample:
    """Token ids of a pair; both completions end with the end of turn."""

    prompt_ids: tuple[int, ...]
    chosen_ids: tuple[int, ...]
    rejected_ids: tuple[int, ...]


@dataclass(frozen=True)
class VotedExample:
    """Token ids of a voted answer; the completion ends with the end of turn."""

    prompt_ids: tuple[int, ...]
    completion_ids: tuple[int, ...]
    liked: bool
    weight: float


@dataclass(frozen=True)
class Dataset:
    """What one training of `persona` sees, and the `heldout…` part that judges it; no conversation is in both.

    `dropped` counts what was left out by origin and reason, `voters` the consenting members who voted, `unreliable`
    those of them who are not believed, `newcomers` those who are new here; `newcomer_share` is what these alone taught
    of what feedback teaches. `refusal` says why it cannot be trained on, if so.
    """

    persona: str
    rows: tuple[Row, ...]
    heldout: tuple[Row, ...] = ()
    preferences: tuple[PreferencePair, ...] = ()
    heldout_preferences: tuple[PreferencePair, ...] = ()
    votes: tuple[VotedRow, ...] = ()
    heldout_votes: tuple[VotedRow, ...] = ()
    dropped: Counter[tuple[Source, str]] = field(default_factory=Counter)
    voters: int = 0
    unreliable: int = 0
    newcomers: int = 0
    newcomer_share: float = 0.0
    refusal: str | None = None
    origin_ids: frozenset[int] = frozenset()  # stored replies that rows come from at second hand

    @property
    def own_rows(self) -> list[Row]:
        """Training rows in the persona's own voice."""
        return [row for row in self.rows if row.source is not Source.PRESERVATION]

    def once(self, source: Source) -> "Dataset":
        """With each row of this source counting once."""
        rows = (dataclasses.replace(row, weight=1) if row.source is source else row for row in self.rows)
        return dataclasses.replace(self, rows=tuple(rows))

    @property
    def kept(self) -> Counter[Source]:
        """Training rows by source."""
        return Counter(row.source for row in self.rows)

    @property
    def reply_ids(self) -> list[int]:
        """The stored replies that the training part comes from; deleting one marks the adapter for rebuilding."""
        return sorted({reply_id for item in self._learned() for reply_id in item.reply_ids} | self.origin_ids)

    @cached_property
    def sha256(self) -> str:
        """Of the training part as canonical JSON, one item a line: equal content, equal hash."""
        return hashlib.sha256("\n".join(map(canonical_json, self._learned())).encode()).hexdigest()

    def examples(self, renderer: PromptRenderer, bare_share: float = 0.0) -> list[TrainingExample]:
        """Token ids and loss masks of the rows, each row as often as its weight.

        `bare_share` of the persona's own rows lose the system prompt, so that the persona holds without it.
        """
        return [
            render(renderer, _bared(row) if drawn(f"{turn}:{canonical_json(row)}") < bare_share else row)
            for row in self.rows
            for turn in range(row.weight)
        ]

    def preference_examples(self, renderer: PromptRenderer) -> list[PreferenceExample]:
        """Token ids of the preference pairs, each pair as often as its weight."""
        return [example for pair in self.preferences for example in [render_preference(renderer, pair)] * pair.weight]

    def voted_examples(self, renderer: PromptRenderer) -> list[VotedExample]:
        """Token ids of the votes, once each."""
        return [render_vote(renderer, vote) for vote in self.votes]

    def _learned(self) -> Iterator[Item]:
        yield from self.rows
        yield from self.preferences
        yield from self.votes


def _bared(row: Row) -> Row:
    if row.source is Source.PRESERVATION:  # its prompt is what tells it from the persona's own
        return row
    return dataclasses.replace(row, messages=tuple(m for m in row.messages if m.role != "system"))


def canonical_json(item: Item) -> str:
    return json.dumps(_fields(item), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def render(renderer: PromptRenderer, row: Row) -> TrainingExample:
    if not row.messages:
        return renderer.text_example(row.completion)
    return renderer.training_example(row.messages, row.completion)


def render_preference(renderer: PromptRenderer, pair: PreferencePair) -> PreferenceExample:
    prompt, chosen = _completion(renderer, pair.messages, pair.chosen)
    _, rejected = _completion(renderer, pair.messages, pair.rejected)
    return PreferenceExample(prompt, chosen, rejected)


def render_vote(renderer: PromptRenderer, vote: VotedRow) -> VotedExample:
    prompt, completion = _completion(renderer, vote.messages, vote.completion)
    return VotedExample(prompt, completion, vote.liked, vote.weight)


def _completion(
    renderer: PromptRenderer, messages: tuple[Message, ...], answer: str
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The ids of the prompt as served, and those of the answer with its end of turn."""
    example = renderer.training_example(messages, answer)
    start = example.loss_mask.index(1)
    return tuple(example.ids[:start]), tuple(example.ids[start:])


def _fields(item: Item) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "messages": [{"role": message.role, "content": message.content} for message in item.messages],
        "weight": item.weight,
    }
    match item:
        case Row():
            return {**fields, "source": item.source, "completion": item.completion, "reply_id": item.reply_id}
        case PreferencePair():
            texts = {"chosen": item.chosen, "rejected": item.rejected}
            return {**fields, **texts, "source": item.source, "reply_ids": list(item.reply_ids)}
        case VotedRow():
            vote = {"completion": item.completion, "liked": item.liked, "reply_id": item.reply_id}
            return {**fields, **vote, "source": Source.VOTE}
