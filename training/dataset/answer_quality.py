"""Tells broken answers: empty, looping, garbled. Knows neither personas nor models."""

import re
from collections import Counter
from enum import StrEnum

# An answer loops when one piece follows itself this often, or when most of its word triples are repeats.
REPEATS = 4
SHORTEST_UNIT, LONGEST_UNIT = 8, 120
TRIPLES_TO_JUDGE = 16
DISTINCT_TRIPLES = 0.5
SHORTEST_ECHO = 4  # words

_UNIT = re.compile(rf"(.{{{SHORTEST_UNIT},{LONGEST_UNIT}}}?)\1{{{REPEATS - 1}}}", re.DOTALL)
_MARKUP = re.compile(r"<\|[a-z_]+\|>|\ufffd")


class Flaw(StrEnum):
    EMPTY = "empty"
    LOOPING = "looping"
    GARBLED = "garbled"  # chat markup or broken characters in the text
    ENDLESS = "never ends"
    FAILED = "failed"  # the engine gave no answer


def flaw_of(text: str) -> Flaw | None:
    """What is wrong with an answer's text, or None. Endless answers cannot be told from their text."""
    if not text.strip():
        return Flaw.EMPTY
    if _MARKUP.search(text):
        return Flaw.GARBLED
    return Flaw.LOOPING if is_looping(text) else None


def echoes(answer: str, asked: str) -> bool:
    """Whether the answer only says what was asked: of a word or two that may be right (“Hello.” – “Hello!”)."""
    words = re.findall(r"\w+", answer.casefold())
    return len(words) >= SHORTEST_ECHO and words == re.findall(r"\w+", asked.casefold())


def is_looping(text: str) -> bool:
    """Whether the text repeats itself: one unit many times in a row, or few distinct word triples (Li et al., 2016)."""
    if any(any(character.isalpha() for character in match[1]) for match in _UNIT.finditer(text)):
        return True
    words = re.findall(r"\w+", text.casefold())
    triples = Counter(zip(words, words[1:], words[2:], strict=False))
    return triples.total() >= TRIPLES_TO_JUDGE and len(triples) / triples.total() < DISTINCT_TRIPLES
