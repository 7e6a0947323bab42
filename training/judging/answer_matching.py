"""Checks an answer by machine: does it say one of these things, does it agree, does it deny.

The checks read through a persona's manner: case, accents, punctuation and the spelling of numbers do not count, and
an accepted answer may stand anywhere in what is said.
"""

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_NUMBERS = {word: value for value, word in enumerate(_ONES.split())} | {
    word: 10 * value for value, word in enumerate(_TENS.split(), 2)
}
_HUNDRED = "hundred"

# "Not Sydney" is no way of saying Sydney.
_NEGATION_WORDS = "not isnt never nor without neither"
# How agreement and denial sound in the first words of an answer, also in personas' mouths.
_AGREEING = "yes aye yeah yep yup correct right true exactly indeed sure certainly absolutely agree"
_DENYING = "no nay nope not never wrong false incorrect untrue actually isnt arent dont doesnt wasnt"
_NEGATIONS, _AGREES, _DENIES = (frozenset(words.split()) for words in (_NEGATION_WORDS, _AGREEING, _DENYING))
_FIRST_WORDS = 6


def words_of(text: str) -> list[str]:
    """The words as they are compared: no case, no accents, no apostrophes, numbers as digits (“Twenty-four” → “24”)."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return list(_digits(re.findall(r"[^\W_]+", re.sub(r"(?<=\w)['’](?=\w)", "", plain))))


def says(text: str, phrases: Iterable[str]) -> bool:
    """Whether one of the phrases stands in the text as whole words, and not right after a negation."""
    words = words_of(text)
    return any(_stands_in(words, words_of(phrase)) for phrase in phrases)


def agrees(text: str) -> bool:
    return _first(text, _AGREES) < min(_first(text, _DENIES), _FIRST_WORDS)


def denies(text: str) -> bool:
    return _first(text, _DENIES) < min(_first(text, _AGREES), _FIRST_WORDS)


def sentences_in(text: str) -> int:
    """Pieces that end in `.`, `!` or `?`; an unfinished last one counts too."""
    return sum(bool(re.search(r"\w", piece)) for piece in re.split(r"(?<![.!?])[.!?]++(?:\s|$)|\n+", text))


def _stands_in(words: list[str], phrase: list[str]) -> bool:
    length = len(phrase)
    places = (start for start in range(len(words) - length + 1) if words[start : start + length] == phrase)
    return bool(phrase) and any(start == 0 or words[start - 1] not in _NEGATIONS for start in places)


def _first(text: str, kind: frozenset[str]) -> int:
    words = words_of(text)[:_FIRST_WORDS]
    return next((place for place, word in enumerate(words) if word in kind), _FIRST_WORDS)


def _digits(words: list[str]) -> Iterable[str]:
    """Numbers up to 100 as digits; “ninety nine” is one number, “nine nine” are two."""
    values = [*(_NUMBERS.get(word) for word in words), None]
    follows = False
    for word, (value, after) in zip(words, pairwise(values), strict=True):
        if follows:
            follows = False
        elif word == _HUNDRED:
            yield "100"
        elif value is None:
            yield word
        elif value >= 20 and after is not None and 0 < after < 10:
            yield str(value + after)
            follows = True
        else:
            yield str(value)
