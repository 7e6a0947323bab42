"""Turns raw results, losses per row and answers, into the metrics that the gate compares. Pure."""

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from training.judging.answer_matching import words_of
from training.judging.gate import Margins, Metrics, Passed, Preference
from training.judging.measuring import Answer
from training.judging.probes import Topic

Losses = Mapping[str, Sequence[float]]  # name of a held-out set → mean loss per completion token, for each row

LIKED, PRESERVATION = "liked", "preservation"
# Sets of rows that come in pairs, place by place: the better ones, the worse ones.
STYLE = ("style", "style, neutral")
REFUSALS = ("refusals", "refusals, complied")
COMPARISONS = ("comparisons, kept", "comparisons, given up")
VOTES = ("votes, liked", "votes, disliked")  # not paired


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
