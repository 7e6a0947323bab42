"""Rewards that can be verified: how well an answer keeps a card's rules, and whether it is worth reading. Pure.

Rules alone are kept best by saying one word, which is what reinforcement learning finds. So length counts too, and a
curriculum starts with few words and a mild penalty, and ends with all of both.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.personas.rules import Rules, count_words

FEWEST_WORDS = 4  # what the curriculum's first step asks for
MILDEST = 0.25  # the penalty's share in the curriculum's first step
LEAST_NATURAL = 6.0  # nats per token at which an answer is no language any more
_WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class Aim:
    """What GRPO works towards: the rules of the card, and the length of the persona's own examples."""

    rules: Rules
    words: int


@dataclass(frozen=True)
class Demand:
    """What is asked for at one moment of the training."""

    penalty: float  # for an answer every word of which breaks a rule
    words: float


def curriculum_at(aim: Aim, progress: float, *, curriculum: bool) -> Demand:
    """`progress` from 0.0 to 1.0. Without a curriculum all is asked for from the start."""
    if not curriculum:
        return Demand(1.0, aim.words)
    first = min(FEWEST_WORDS, aim.words)
    return Demand(MILDEST + (1.0 - MILDEST) * progress, first + (aim.words - first) * progress)


def reward(aim: Aim, demand: Demand, text: str) -> float:
    """From -2 to 1: length up to what is asked for, less the penalty for what is forbidden or too much."""
    too_much = not aim.rules.leave_room_for(text)
    bad_end = not aim.rules.end(text)
    broken = forbidden_share(aim.rules, text) + 0.5 * too_much + 0.5 * bad_end
    return length_share(text, demand.words) - demand.penalty * broken


def forbidden_share(rules: Rules, text: str) -> float:
    """The share of words in which something forbidden occurs; all of them count where only phrases do."""
    words = _WORD.findall(text)
    if not words or rules.permit(text):
        return 0.0
    return max(sum(not rules.permit(word) for word in words), 1) / len(words)


def length_share(text: str, words: float) -> float:
    """How much of the wanted length there is, up to 1. A word said again is not counted again."""
    said = [word.casefold() for word in _WORD.findall(text)]
    return min(1.0, count_words(" ".join(dict.fromkeys(said))) / words)


def fluency(mean_log_likelihoods: Sequence[float]) -> list[float]:
    """From 0 to 1 each: how natural the base model finds the answers, by nats per token."""
    return [min(1.0, max(0.0, 1.0 + value / LEAST_NATURAL)) for value in mean_log_likelihoods]
