"""Rejection sampling: of several answers to a prompt, one that members would like becomes an example.

Who would like it is guessed by a scorer that learned from their votes, so that few votes reach
further than the replies they were given to. Where the votes tell nothing that holds for other replies, none is kept.
"""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import product
from typing import Any

import numpy as np
import torch

from bot.prompt import Message, PromptRenderer
from training.dataset.rows import Dataset, PreferencePair, Row
from training.dataset.sources import Source
from training.judging.measuring import Answer
from training.taste.scorer import JudgedAnswer, Matrix, Scorer, learn_taste

# Several to each prompt.
Answers = Mapping[tuple[Message, ...], Sequence[Answer]]
# How likely a like must be, were likes and dislikes equally many, for an answer to become an example.
LIKELY = 0.7
# The share of an answer's words that must be left for its beginning to stand for it.
LEAST_LEFT = 0.4
_SENTENCE_END = re.compile(r"(?<![.!?…])[.!?…]++(?=\s+\S)")
_MOST_BEGINNINGS = 100  # of one answer: each is judged


def scorer_of(dataset: Dataset, model: Any, renderer: PromptRenderer) -> Scorer:
    """From its votes and corrections, which must hold likes and dislikes; `model` is the base model.

    A better answer counts as liked: whoever wrote it would like it.
    """
    judged = [(vote.completion, vote.liked, vote.weight) for vote in dataset.votes]
    judged += [(row.completion, True, 1.0) for row in dataset.rows if row.source is Source.CORRECTION]
    states = mean_states(model, renderer, [text for text, *_ in judged])
    return learn_taste(
        [JudgedAnswer(text, state, liked, sure) for (text, liked, sure), state in zip(judged, states, strict=True)]
    )


@dataclass(frozen=True)
class Taste:
    """What members would like, as their votes' scorer sees it through the base model."""

    scorer: Scorer
    model: Any
    renderer: PromptRenderer

    def chances(self, texts: Sequence[str]) -> list[float]:
        """How likely members are to like each text, were likes and dislikes equally many."""
        return self.scorer.score(texts, mean_states(self.model, self.renderer, texts)) if texts else []


@dataclass(frozen=True)
class Chosen:
    """What sampled answers give to learn: some to imitate, and of two to the same prompt the one to prefer."""

    rows: tuple[Row, ...] = ()
    pairs: tuple[PreferencePair, ...] = ()


def keep_liked(taste: Taste, answers: Answers) -> Chosen:
    """An answer to each prompt for which a like is LIKELY and with which nothing is wrong. No answer is kept twice.

    An answer's own beginning is an answer, too. Where a like of others is as unlikely, the one that is most like one of
    those is kept and preferred to that, so that their difference is what members mind and little else.
    """
    kept: dict[str, Row] = {}
    pairs: list[PreferencePair] = []
    for messages, given in answers.items():
        whole = [answer.text.strip() for answer in given if answer.flaw is None and answer.text.strip()]
        texts = [text for answer in whole for text in (answer, *beginnings(answer)) if text.casefold() not in kept]
        likely = dict(zip(texts, taste.chances(texts), strict=True))
        liked = [text for text in likely if likely[text] >= LIKELY]
        disliked = [text for text in likely if likely[text] <= 1 - LIKELY and text in whole]
        if not liked:
            continue
        best = max(liked, key=lambda text: likely[text])
        if disliked:
            best, worst = max(product(liked, disliked), key=lambda pair: (_alike(*pair), likely[pair[0]]))
            pairs.append(preferred(messages, best, worst))
        kept[best.casefold()] = Row(Source.SAMPLED, messages, best)
    return Chosen(tuple(kept.values()), tuple(pairs))


def keep_right(taste: Taste, answers: Answers) -> Chosen:
    """Of the answers to each question that can be checked, one that is right, preferred to the wrong one nearest to it.

    One that members would like, where there is one: that becomes a row, too.
    """
    rows: list[Row] = []
    pairs: list[PreferencePair] = []
    for messages, given in answers.items():
        sound = [answer for answer in given if answer.flaw is None]
        whole = {answer.text.strip(): answer.probe for answer in sound if answer.probe}
        texts = {part: probe for text, probe in whole.items() for part in (text, *beginnings(text))}
        right = [text for text, probe in texts.items() if probe.passes(text)]
        wrong = [text for text, probe in whole.items() if not probe.passes(text)]
        likely = dict(zip(right, taste.chances(right), strict=True))
        liked = [text for text in right if likely[text] >= LIKELY]
        if liked:
            rows.append(Row(Source.SAMPLED, messages, max(liked, key=lambda text: likely[text])))
        if right and wrong:
            best, worst = max(product(liked or right, wrong), key=lambda pair: _alike(*pair))
            pairs.append(preferred(messages, best, worst))
    return Chosen(tuple(rows), tuple(pairs))


def shortened(taste: Taste, rows: Sequence[Row]) -> dict[Row, Row]:
    """Rows that members would dislike, each with as much of its beginning as they would like."""
    found: dict[Row, Row] = {}
    for row in rows:
        parts = beginnings(row.completion)
        if not parts:
            continue
        likely, *of_parts = taste.chances([row.completion, *parts])
        liked = [part for part, chance in zip(parts, of_parts, strict=True) if chance >= LIKELY]
        if liked and likely <= 1 - LIKELY:
            found[row] = dataclasses.replace(row, completion=liked[-1])
    return found


def preferred(messages: tuple[Message, ...], chosen: str, rejected: str) -> PreferencePair:
    """A pair of the persona's own answers: no stored reply's."""
    return PreferencePair(Source.SAMPLED, messages, chosen, rejected, weight=1, reply_ids=())


def beginnings(text: str) -> list[str]:
    """Its first sentences, from the fewest that hold LEAST_LEFT of its words to all but the last; so many at most."""
    found: list[str] = []
    words, start, least = 0, 0, LEAST_LEFT * len(text.split())
    for end in _SENTENCE_END.finditer(text):
        words += len(text[start : end.end()].split())
        start = end.end()
        if words >= least:
            found.append(text[:start])
        if len(found) == _MOST_BEGINNINGS:
            break
    return found


def _alike(one: str, other: str) -> float:
    """The share of their words that stand in both, in the same order."""
    return SequenceMatcher(None, one.split(), other.split(), autojunk=False).ratio()


@torch.inference_mode()
def mean_states(model: Any, renderer: PromptRenderer, texts: Sequence[str]) -> list[Matrix]:
    """The base model's last hidden states over each text, averaged: float64 [hidden]."""
    found = []
    for text in texts:
        ids = torch.tensor([renderer.text_example(text).ids or [0]], device=model.device)
        states = model(input_ids=ids, output_hidden_states=True, use_cache=False, logits_to_keep=1).hidden_states[-1]
        found.append(states[0].float().mean(0).cpu().numpy().astype(np.float64))
    return found
