"""A persona's rules as structured output: constraints on the text that a server's sampler keeps token by token.

They hold for a character's single bytes and across tokens. Lengths and endings are not among them: kept by a mask they
give endless words; `RuledText` keeps them over the text. It also checks what servers say: a constraint that is ignored
or misses a form costs time, never a rule.
"""

import re
import sys
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

from bot.personas.letter_folding import compose, fold
from bot.personas.rules import Rules

NOT_CHARACTERS = {"Cn", "Co", "Cs"}  # Unicode's categories of what is unassigned, private or half a character
ANYTHING = r"(.|\n)"
NOT_IN_A_WORD = r"[^\p{L}\p{N}]"


@lru_cache(maxsize=256)
def constraint_of(rules: Rules) -> dict[str, Any]:
    """vLLM's `structured_outputs` for the forbidden; empty where nothing is. The first one takes seconds.

    Characters alone make a regular expression, words a grammar in llguidance's dialect of Lark.
    """
    characters = _class(_all_that_show(rules.forbidden_characters), negated=True) if rules.forbidden_characters else ""
    if not rules.forbidden_words:
        return {"regex": f"{characters}+"} if characters else {}
    forbidden = [_whole_word(words) for words in rules.forbidden_words]
    parts = [f"/{characters or ANYTHING}+/", *(f"~/{pattern}/" for pattern in forbidden)]
    return {"grammar": "start: TEXT\nTEXT: " + " & ".join(parts).replace("\n", r"\n") + "\n"}


def _all_that_show(characters: Iterable[str]) -> set[str]:
    """Every character in which a reader sees one of these; one with an accent is forbidden in that form alone."""
    found: set[str] = set()
    for character in characters:
        if fold(character) == character.lower():
            found.update(_shown_as().get(fold(character), ()))
        else:
            form = compose(character)
            found.update({form, form.upper()} & {c for c in (form, form.upper()) if len(c) == 1})
    return found


@cache
def _shown_as() -> dict[str, list[str]]:
    """Plain character → all characters that fold to it, alone or with others as ligatures do."""
    table: dict[str, list[str]] = {}
    for code in range(sys.maxunicode + 1):
        if unicodedata.category(chr(code)) not in NOT_CHARACTERS:
            for plain in set(fold(chr(code))):
                table.setdefault(plain, []).append(chr(code))
    return table


def _whole_word(words: str) -> str:
    """Matches texts in which the words stand between boundaries, whatever their letters' form."""
    spaced = r"\s+".join("".join(map(_any_form, word)) for word in fold(words).split())
    return rf"({ANYTHING}*{NOT_IN_A_WORD})?{spaced}({NOT_IN_A_WORD}{ANYTHING}*)?"


def _any_form(letter: str) -> str:
    return _class(form for form in _shown_as().get(letter, [letter]) if fold(form) == letter)


def _class(characters: Iterable[str], *, negated: bool = False) -> str:
    """A character class, written by code points so that no engine reads one of them as syntax."""
    ordered = sorted(characters)
    inside = "".join(c if re.fullmatch("[A-Za-z0-9]", c) else rf"\u{{{ord(c):x}}}" for c in ordered)
    return f"[{'^' if negated else ''}{inside}]"
