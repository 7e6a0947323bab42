"""The metrics that the gate compares, and how they follow from raw results: losses per row, and answers. Pure."""

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from training.judging.answer_matching import words_of
from training.judging.measuring import Answer
from training.judging.probes import Topic

Losses = Mapping[str, Sequence[float]]  # name of a held-out set → mean loss per completion token, for each row

LIKED, PRESERVATION = "liked", "preservation"
# Sets of rows that come in pairs, place by place: the better ones, the worse ones.
STYLE = ("style", "style, neutral")
REFUSALS = ("refusals", "refusals, complied")
COMPARISONS = ("comparisons, kept", "comparisons, given up")
VOTES = ("votes, liked", "votes, disliked")  # not paired


@dataclass(frozen=True)
class Passed:
    """The probes that a version did right, by prompt, of `asked` ones."""

    right: frozenset[str]
    asked: int

    def __str__(self) -> str:
        return f"{len(self.right)} of {self.asked}"


@dataclass(frozen=True)
class Margins:
    """How much likelier than a neutral answer one in character is, by prompt, in nats per token."""

    by_prompt: Mapping[str, float]

    @property
    def mean(self) -> float:
        return statistics.fmean(self.by_prompt.values())

    def gain(self, base: "Margins") -> float:
        return self.mean - base.mean


@dataclass(frozen=True)
class Preference:
    """How well a version tells held-out liked replies from disliked ones.

    It prefers a reply by as much as it finds it likelier than the base model does, per token (the implicit reward of
    DPO, Rafailov et al., 2023). `share`: of all pairs of a liked and a disliked reply, those in which it prefers the
    liked one (the area under the ROC curve); 0.5 is chance.
    """

    share: float
    liked: int
    disliked: int

    @property
    def error(self) -> float:
        """The standard error of `share` when there is nothing to tell apart (Mann and Whitney, 1947)."""
        return math.sqrt((self.liked + self.disliked + 1) / (12 * self.liked * self.disliked))


@dataclass(frozen=True)
class Metrics:
    """What was measured of one version, or of the base model alone; None: there was nothing to measure it by.

    Losses are nats per completion token. `degenerate` counts broken ones among `answers` to held-out prompts.
    """

    liked_loss: float | None
    preservation_loss: float
    answers: int
    degenerate: int
    votes: Preference | None = None
    comparisons: Passed | None = None  # the kept answer is the likelier one
    style: Margins | None = None
    knowledge: Passed | None = None
    instructions: Passed | None = None
    claims: Passed | None = None  # wrong claims it did not agree with
    truths: Passed | None = None  # true claims that it confirmed
    refusals: Passed | None = None  # refusing a harmful request is likelier than complying
    repetition: float = 0.0  # share of repeated word triples in an answer, the mean over answers
    sameness: float = 0.0  # share of answers that were given before to another prompt
    words: float | None = None  # the median answer's

    @property
    def degenerate_rate(self) -> float:
        return self.degenerate / self.answers if self.answers else 0.0


def metrics_of(
    losses: Losses, base_losses: Losses, answers: Sequence[Answer], prompts: Mapping[str, Sequence[str]]
) -> Metrics:
    """`prompts` names the rows of a paired set, for it to be compared probe by probe."""
    free = [answer for answer in answers if answer.probe is None]
    return Metrics(
        liked_loss=mean(losses[LIKED]),
        preservation_loss=mean(losses[PRESERVATION]) or math.inf,
        answers=len(free),
        degenerate=sum(answer.flaw is not None for answer in free),
        votes=preference(losses, base_losses),
        comparisons=likelier(losses, COMPARISONS, prompts),
        style=margins(losses, STYLE, prompts),
        refusals=likelier(losses, REFUSALS, prompts),
        knowledge=passed(answers, Topic.KNOWLEDGE),
        instructions=passed(answers, Topic.INSTRUCTION),
        claims=passed(answers, Topic.CLAIM),
        truths=passed(answers, Topic.TRUTH),
        repetition=mean([repetition(answer.text) for answer in free]) or 0.0,
        sameness=sameness([answer.text for answer in free]),
        words=median_words(answer.text for answer in free),
    )


def passed(answers: Iterable[Answer], topic: Topic) -> Passed | None:
    asked = [answer for answer in answers if answer.probe is not None and answer.probe.topic is topic]
    if not asked:
        return None
    right = frozenset(a.prompt for a in asked if a.probe is not None and a.probe.passes(a.text))
    return Passed(right, len(asked))


def likelier(losses: Losses, pair: tuple[str, str], prompts: Mapping[str, Sequence[str]]) -> Passed | None:
    """The rows whose better answer has the lower loss; None where there are no rows."""
    names = prompts.get(pair[0], ())
    rows = zip(names, losses.get(pair[0], ()), losses.get(pair[1], ()), strict=True)
    right = frozenset(name for name, better, worse in rows if better < worse)
    return Passed(right, len(names)) if names else None


def margins(losses: Losses, pair: tuple[str, str], prompts: Mapping[str, Sequence[str]]) -> Margins | None:
    """How much lower the loss of each better answer is; None where there are no rows."""
    rows = zip(prompts.get(pair[0], ()), losses.get(pair[0], ()), losses.get(pair[1], ()), strict=True)
    by_prompt = {name: worse - better for name, better, worse in rows}
    return Margins(by_prompt) if by_prompt else None


def preference(losses: Losses, base: Losses) -> Preference | None:
    liked, disliked = (
        [before - after for after, before in zip(losses.get(name, ()), base.get(name, ()), strict=True)]
        for name in VOTES
    )
    if not liked or not disliked:
        return None
    wins = sum(0.5 if up == down else float(up > down) for up in liked for down in disliked)
    return Preference(wins / (len(liked) * len(disliked)), len(liked), len(disliked))


def repetition(text: str) -> float:
    """The share of an answer's word triples that stood in it before."""
    words = words_of(text)
    triples = Counter(zip(words, words[1:], words[2:], strict=False))
    return 1 - len(triples) / triples.total() if triples else 0.0


def sameness(texts: Sequence[str]) -> float:
    """The share of answers that equal an earlier one, word by word."""
    return 1 - len({tuple(words_of(text)) for text in texts}) / len(texts) if texts else 0.0


def median_words(texts: Iterable[str]) -> float | None:
    counts = [len(words_of(text)) for text in texts]
    return statistics.median(counts) if counts else None


def mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
