"""Chooses which candidates a dataset takes: the rules in their order, the held-out split, the count of the rest."""

import dataclasses
import functools
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.errors import PromptTooLong
from bot.personas.catalog import Pair, Persona
from bot.prompt import Message, PromptRenderer
from bot.prompt.endings import ends_whole
from bot.store import RatedReply, ReplyRecord, StoredCorrection
from training.dataset.answer_quality import echoes, flaw_of
from training.dataset.length_drift import too_long, usual_words
from training.dataset.mixing import drawn, evenly, needed, repeated
from training.dataset.near_duplicates import NearDuplicates, normal
from training.dataset.newcomers import WEIGHT as NEWCOMERS_WEIGHT
from training.dataset.newcomers import allowance, newcomers
from training.dataset.personal_data import scrub
from training.dataset.rows import Dataset, Item, PreferencePair, Row, VotedRow
from training.dataset.sources import PLAIN_PROMPT, CollectedFeedback, Source, authors_of, turns_of
from training.dataset.sufficiency import refusal
from training.dataset.voter_caps import Budgets
from training.dataset.voter_reliability import Ballot, contradicting, weigh

T = TypeVar("T")
Kind = TypeVar("Kind", Row, PreferencePair, VotedRow)

# With fewer conversations than this, each one teaches more than it would measure.
FEWEST_CONVERSATIONS_TO_SPLIT = 10
# Votes that leave it more open than this whether a reply is liked teach nothing.
LEAST_CERTAINTY = 0.2

UNCONSENTED = "it holds words of somebody who did not consent"
UNRELIABLE = "its author's votes contradict the other members'"
FLOOD = "one member brought too many (training.max_voter_share)"
TOO_NEW = "more than new accounts and members may bring together"
HELD_OUT = "its prompt is held out for the gate"
REPEATED = "says the same as another row"
SIMILAR = "says nearly the same as another row"


@dataclass(frozen=True)
class SelectionRules:
    """The limits of config.toml's [training] that shape a dataset."""

    min_likes: int
    min_voters: int
    max_voter_share: float
    feedback_rows: int
    seed_pairs: int
    seed_share: float
    preservation_share: float
    correction_weight: int
    heldout_share: float
    max_tokens: int
    max_length_drift: float


@dataclass(frozen=True)
class Examples:
    """What was written by hand: the persona's pairs and running text, and ordinary questions with plain answers."""

    seeds: Sequence[Pair] = ()
    texts: Sequence[str] = ()
    preservation: Sequence[Pair] = ()


def build_dataset(
    persona: Persona,
    feedback: CollectedFeedback,
    examples: Examples,
    heldout_prompts: Iterable[str],
    rules: SelectionRules,
    renderer: PromptRenderer,
) -> Dataset:
    """Choose what is learned. Deterministic: the same input gives the same dataset in the same order.

    `heldout_prompts` are never trained on. When too little is left, the dataset's `refusal` says so with counts.
    """
    builder = _Builder(persona, feedback, rules, renderer, frozenset(map(normal, heldout_prompts)))
    builder.add_corrections()
    builder.add_comparisons()
    builder.add_liked(usual_words([pair.completion for pair in examples.seeds]))
    builder.add_votes()
    builder.add_examples(examples)
    dataset = builder.dataset()
    return dataclasses.replace(dataset, refusal=refusal(dataset, feedback, rules.min_voters))


class _Builder:
    """Takes candidates in order of trust, and counts what it leaves out."""

    def __init__(
        self,
        persona: Persona,
        feedback: CollectedFeedback,
        rules: SelectionRules,
        renderer: PromptRenderer,
        heldout_prompts: frozenset[str],
    ) -> None:
        self._persona = persona
        self._feedback = feedback
        self._rules = rules
        self._renderer = renderer
        self._heldout_prompts = heldout_prompts
        self._newcomers = newcomers(feedback)
        self._opinions = weigh(_ballots(feedback, outsiders=False), self._newcomers, NEWCOMERS_WEIGHT)
        self._ignored = contradicting(self._opinions, _ballots(feedback, outsiders=True))
        self._unreliable = self._opinions.unreliable()
        self._seen: set[tuple[str, str, str]] = set()
        self._similar = NearDuplicates()
        self._rows: list[Row] = []
        self._preferences: list[PreferencePair] = []
        self._votes: list[VotedRow] = []
        self._dropped: Counter[tuple[Source, str]] = Counter()

    def add_corrections(self) -> None:
        """As rows to imitate, and as preferred to what they correct."""
        good = [
            (correction, (correction.author_id,))
            for correction in self._feedback.corrections
            if not self._drop(Source.CORRECTION, self._correction_flaw(correction))
        ]
        weight = self._rules.correction_weight
        for correction in self._within_budget(Source.CORRECTION, good):
            reply = correction.reply
            row = Row(Source.CORRECTION, (), correction.text, weight, reply.id)
            if self._add_row(row, _scrubbed(turns_of(reply.record)), self._persona.system_prompt):
                pair = PreferencePair(Source.CORRECTION, (), correction.text, reply.record.text, weight, (reply.id,))
                self._add_preference(pair, reply.record)

    def add_comparisons(self) -> None:
        good = [
            (comparison, (comparison.member_id,))
            for comparison in self._feedback.comparisons
            if not self._drop(
                Source.COMPARISON,
                self._distrusted(comparison.member_id, comparison.kept.record) or self._broken(comparison.kept.record),
            )
        ]
        for comparison in self._within_budget(Source.COMPARISON, good):
            kept, other = comparison.kept, comparison.other
            pair = PreferencePair(
                Source.COMPARISON, (), kept.record.text, other.record.text, 1, tuple(sorted((kept.id, other.id)))
            )
            self._add_preference(pair, kept.record)

    def add_liked(self, usual: float | None) -> None:
        """Liked replies, the surest first. `usual`: the length of an answer in words; None: as of all rated replies."""
        liked = [
            reply
            for reply in self._feedback.replies
            if not self._drop(Source.LIKED, self._unpopular(reply) or self._unfit(reply.record))
        ]
        liked.sort(key=lambda reply: (-self._opinions.approval[reply.id], -reply.id))
        if usual is None:
            usual = usual_words([reply.record.text for reply in self._feedback.replies])
        if usual is not None:
            liked = self._of_usual_length(liked, usual)
        supported = [(reply, self._believed(reply.likes)) for reply in liked]
        room = self._rules.feedback_rows
        for reply in self._within_budget(Source.LIKED, supported, self._rules.min_likes):
            if room == 0:
                self._drop(Source.LIKED, f"more than training.feedback_rows = {self._rules.feedback_rows}")
                continue
            row = Row(Source.LIKED, (), reply.record.text, 1, reply.id)
            room -= self._add_row(row, _scrubbed(turns_of(reply.record)), self._persona.system_prompt)

    def add_votes(self) -> None:
        """Likes and dislikes unpaired, the surest first; only where there are both, or better answers for likes."""
        sides: dict[bool, list[tuple[RatedReply, Collection[int]]]] = {True: [], False: []}
        ranked = sorted(self._feedback.replies, key=lambda reply: (-self._certainty(reply), -reply.id))
        for reply in ranked:
            liked = self._opinions.approval.get(reply.id, 0.5) > 0.5
            voters = self._believed(reply.likes if liked else reply.dislikes)
            if not self._drop(Source.VOTE, self._undecided(reply, voters) or self._unfit(reply.record, liked=liked)):
                sides[liked].append((reply, voters))
        if self._is_one_sided(sides[True], sides[False]):
            return
        seen: set[tuple[str, str]] = set()
        for liked, replies in sides.items():
            room, similar = self._rules.feedback_rows, NearDuplicates()
            for reply in self._within_budget(Source.VOTE, replies, self._rules.min_likes):
                if room == 0:
                    self._drop(Source.VOTE, f"more than training.feedback_rows = {self._rules.feedback_rows}")
                    continue
                room -= self._add_vote(reply, liked, seen, similar)

    def add_examples(self, examples: Examples) -> None:
        """The persona's own examples and ordinary questions, at their shares of the examples seen in training."""
        learned = sum(row.weight for row in self._rows)
        own: list[Pair | str] = [*examples.seeds, *examples.texts]
        chosen = evenly(own, self._rules.seed_pairs)
        least = needed(learned, self._rules.seed_share)
        for example, weight in repeated(chosen, max(len(chosen), least)):
            if isinstance(example, str):
                self._add_text(example, weight)
            else:
                self._add_pair(Source.SEED, example, weight, self._persona.system_prompt)
        learned = sum(row.weight for row in self._rows)
        for pair, weight in repeated(examples.preservation, needed(learned, self._rules.preservation_share)):
            self._add_pair(Source.PRESERVATION, pair, weight, PLAIN_PROMPT)

    def dataset(self) -> Dataset:
        held_out = self._held_out_conversations()
        rows, heldout = self._split(self._rows, held_out)
        preferences, heldout_preferences = self._split(self._preferences, held_out)
        votes, heldout_votes = self._split(self._votes, held_out)
        return Dataset(
            self._persona.name,
            rows,
            heldout,
            preferences,
            heldout_preferences,
            votes,
            heldout_votes,
            self._dropped,
            voters=len(self._opinions.weights),
            unreliable=len(self._unreliable),
            newcomers=len(self._newcomers),
            newcomer_share=self._share_of_newcomers(rows),
        )

    # What is taken

    def _add_row(self, row: Row, turns: Sequence[Message], system: str) -> bool:
        prompt = normal(turns[-1].content)
        key = (system, prompt, normal(row.completion))
        if self._drop(row.source, HELD_OUT if prompt in self._heldout_prompts else None):
            return False
        if self._drop(row.source, REPEATED if key in self._seen else None):
            return False
        messages = self._fitted(system, turns, row.completion)
        if messages is None:
            return not self._drop(row.source, self._too_long)
        # Only what members brought: pairs written by hand may resemble each other on purpose.
        is_new = self._similar.add(f"{prompt}\n{row.completion}") or row.reply_id is None
        if self._drop(row.source, None if is_new else SIMILAR):
            return False
        self._seen.add(key)
        self._rows.append(dataclasses.replace(row, messages=messages))
        return True

    def _add_pair(self, source: Source, pair: Pair, weight: int, system: str) -> None:
        turns = [*pair.history, Message("user", pair.prompt)]
        self._add_row(Row(source, (), pair.completion, weight), turns, system)

    def _add_text(self, text: str, weight: int) -> None:
        if len(self._renderer.text_example(text).ids) > self._rules.max_tokens:
            self._drop(Source.TEXT, self._too_long)
        else:
            self._rows.append(Row(Source.TEXT, (), text, weight))

    def _add_preference(self, pair: PreferencePair, record: ReplyRecord) -> None:
        turns = _scrubbed(turns_of(record))
        if self._drop(pair.source, HELD_OUT if normal(turns[-1].content) in self._heldout_prompts else None):
            return
        if pair.chosen.split() == pair.rejected.split():  # a mark alone may be what they want
            self._drop(pair.source, "as a preference: both answers say the same")
        elif scrub(pair.rejected)[1]:
            self._drop(pair.source, "as a preference: the rejected answer holds personal data")
        elif not pair.rejected.strip():
            self._drop(pair.source, "as a preference: the rejected answer is empty")
        else:
            longer = max(pair.chosen, pair.rejected, key=len)
            messages = self._fitted(self._persona.system_prompt, turns, longer)
            if messages is None:
                self._drop(pair.source, self._too_long)
            else:
                self._preferences.append(dataclasses.replace(pair, messages=messages))

    def _add_vote(self, reply: RatedReply, liked: bool, seen: set[tuple[str, str]], similar: NearDuplicates) -> bool:
        turns, answer = _scrubbed(turns_of(reply.record)), reply.record.text
        prompt = normal(turns[-1].content)
        if self._drop(Source.VOTE, HELD_OUT if prompt in self._heldout_prompts else None):
            return False
        if self._drop(Source.VOTE, REPEATED if (prompt, normal(answer)) in seen else None):
            return False
        if self._drop(Source.VOTE, None if similar.add(f"{prompt}\n{answer}") else SIMILAR):
            return False
        messages = self._fitted(self._persona.system_prompt, turns, answer)
        if messages is None:
            return not self._drop(Source.VOTE, self._too_long)
        seen.add((prompt, normal(answer)))
        self._votes.append(VotedRow(messages, answer, liked, round(self._certainty(reply), 3), reply.id))
        return True

    # What is left out

    def _drop(self, source: Source, reason: str | None) -> bool:
        """Count it, if there is a reason to leave it out."""
        if reason is None:
            return False
        self._dropped[source, reason] += 1
        return True

    def _within_budget(
        self, source: Source, candidates: Sequence[tuple[T, Collection[int]]], least: int = 1
    ) -> Iterator[T]:
        """The candidates, without what exceeds the share that one member, or newcomers together, may bring."""
        known = [(candidate, members) for candidate, members in candidates if self._is_vouched_for(members)]
        room = allowance(len(known)) if self._newcomers else 0
        budgets = Budgets((members for _, members in candidates), self._rules.max_voter_share)
        for candidate, members in candidates:
            vouched = self._is_vouched_for(members)
            if not vouched and room == 0:
                self._drop(source, TOO_NEW)
            elif budgets.admit(members, least):
                room -= not vouched
                yield candidate
            else:
                self._drop(source, FLOOD)

    def _is_vouched_for(self, members: Collection[int]) -> bool:
        """Whether somebody is behind it who is not new here."""
        return not self._newcomers.issuperset(members)

    def _unpopular(self, reply: RatedReply) -> str | None:
        likes = len(self._believed(reply.likes))
        if likes < self._rules.min_likes:
            return "too few likes from consenting members"
        outsiders = len(reply.dislikes - self._feedback.consenting - self._ignored)
        dislikes = outsiders + len(self._believed(reply.dislikes))
        if likes <= dislikes or self._opinions.approval[reply.id] <= 0.5:
            return "as many dislikes as likes, or more"
        return None

    def _undecided(self, reply: RatedReply, voters: Collection[int]) -> str | None:
        if not (reply.likes | reply.dislikes) & self._feedback.consenting or len(voters) < self._rules.min_likes:
            return "too few votes from consenting members"
        return "members disagree about it" if self._certainty(reply) < LEAST_CERTAINTY else None

    def _unfit(self, record: ReplyRecord, *, liked: bool = True) -> str | None:
        """Why a reply's text cannot be learned from; one that is disliked may be broken."""
        reason = self._unconsented(authors_of(record))
        if reason is not None or liked:
            return reason or self._broken(record)
        return "its answer is empty" if not record.text.strip() else _personal(record.text)

    def _correction_flaw(self, correction: StoredCorrection) -> str | None:
        record = correction.reply.record
        return self._distrusted(correction.author_id, record) or _flaw(correction.text, record.asked)

    def _distrusted(self, member: int, record: ReplyRecord) -> str | None:
        return self._unconsented((member, *authors_of(record))) or (UNRELIABLE if member in self._unreliable else None)

    def _unconsented(self, authors: Iterable[int | None]) -> str | None:
        return None if self._feedback.consenting.issuperset(authors) else UNCONSENTED

    def _broken(self, record: ReplyRecord) -> str | None:
        """One that ended at its length limit was shown up to its last whole sentence, and is judged by that."""
        whole = record.finish_reason == "stop" or (record.finish_reason == "length" and ends_whole(record.text))
        return _flaw(record.text, record.asked) if whole else "was cut off"

    def _of_usual_length(self, replies: Sequence[RatedReply], usual: float) -> list[RatedReply]:
        long = too_long([reply.record.text for reply in replies], usual, self._rules.max_length_drift)
        for _ in long:
            self._drop(Source.LIKED, f"far longer than the usual {usual:.0f} words (training.max_length_drift)")
        return [reply for place, reply in enumerate(replies) if place not in long]

    def _is_one_sided(self, liked: Sequence[object], disliked: Sequence[object]) -> bool:
        """Likes alone, or dislikes alone, do not tell answers apart; a better answer is as good as a like."""
        if disliked and (liked or any(row.source is Source.CORRECTION for row in self._rows)):
            return False
        if liked or disliked:
            reason = f"one-sided: there are only {'likes' if liked else 'dislikes'}"
            self._dropped[Source.VOTE, reason] += len(liked) + len(disliked)
        return True

    # What is known

    def _believed(self, voters: Collection[int]) -> frozenset[int]:
        """Those of the voters who consented and do not contradict the others."""
        return (frozenset(voters) & self._feedback.consenting) - self._unreliable

    def _certainty(self, reply: RatedReply) -> float:
        """0.0: members disagree, or none is believed; towards 1.0: all agree."""
        return abs(2 * self._opinions.approval.get(reply.id, 0.5) - 1)

    def _fitted(self, system: str, turns: Sequence[Message], completion: str) -> tuple[Message, ...] | None:
        """The newest turns that fit, as serving cuts them; None when not even the last one does."""
        answer_tokens = sum(self._renderer.training_example(turns[-1:], completion).loss_mask)
        try:
            messages, _ = self._renderer.fit(system, turns, self._rules.max_tokens - answer_tokens)
        except PromptTooLong:
            return None
        return tuple(messages)

    @property
    def _too_long(self) -> str:
        return f"longer than training.max_tokens = {self._rules.max_tokens}"

    def _split(self, items: Sequence[Kind], held_out: frozenset[int]) -> tuple[tuple[Kind, ...], tuple[Kind, ...]]:
        """What is learned and what is held out."""
        learned = tuple(item for item in items if not held_out & self._conversations(item))
        held = tuple(item for item in items if held_out & self._conversations(item))
        return learned, held

    def _conversations(self, item: Item) -> set[int]:
        return {self._feedback.conversations.get(reply_id, reply_id) for reply_id in item.reply_ids}

    def _share_of_newcomers(self, rows: Sequence[Row]) -> float:
        """Of the weight of rows that feedback taught, the part that newcomers alone stand behind."""
        likers = {reply.id: self._believed(reply.likes) for reply in self._feedback.replies}
        authors = {(one.reply.id, one.text): {one.author_id} for one in self._feedback.corrections}
        total = alone = 0
        for row in rows:
            if row.reply_id is not None:
                corrected = authors.get((row.reply_id, row.completion), ())
                behind = corrected if row.source is Source.CORRECTION else likers[row.reply_id]
                total += row.weight
                alone += 0 if self._is_vouched_for(behind) else row.weight
        return alone / total if total else 0.0

    def _held_out_conversations(self) -> frozenset[int]:
        """A share of the conversations, chosen by hash: one that is held out stays so in later trainings."""
        items: list[Item] = [*self._rows, *self._preferences, *self._votes]
        conversations = {conversation for item in items for conversation in self._conversations(item)}
        if len(conversations) < FEWEST_CONVERSATIONS_TO_SPLIT:
            return frozenset()
        return frozenset(c for c in conversations if drawn(f"{self._persona.name}:{c}") < self._rules.heldout_share)


def _ballots(feedback: CollectedFeedback, *, outsiders: bool) -> list[Ballot]:
    """The votes of consenting members, or those of all others: theirs can only keep a reply from being learned."""
    return [
        Ballot(reply.id, voter, value)
        for reply in feedback.replies
        for voters, value in ((reply.likes, 1), (reply.dislikes, -1))
        for voter in sorted(voters - feedback.consenting if outsiders else voters & feedback.consenting)
    ]


@functools.lru_cache(maxsize=1 << 16)  # a liked reply is asked for as a row and as a vote
def _flaw(answer: str, asked: str) -> str | None:
    flaw = flaw_of(answer)
    if flaw is not None:
        return f"its answer is {flaw}"
    return "its answer repeats the question" if echoes(answer, asked) else _personal(answer)


def _personal(answer: str) -> str | None:
    _, found = scrub(answer)
    return f"its answer holds {found[0]}" if found else None


def _scrubbed(turns: Sequence[Message]) -> list[Message]:
    """Members' words without personal data; what was written by hand is left as it is."""
    return [Message(turn.role, scrub(turn.content)[0]) for turn in turns]
