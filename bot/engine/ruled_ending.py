"""Ends a reply under rules cleanly: how much of a draft is certain to stay, and which ending it gets.

Pure text. A draft is all that the model has said; what has been shown of it can never be taken back.
"""

import re
from collections.abc import Iterator

from bot.personas.rules import SENTENCE_MARKS, Rules

SENTENCE_END = re.compile(rf"(?<![{SENTENCE_MARKS}])[{SENTENCE_MARKS}]++[\"”’'»)\]*_]*+(?=\s|$)")
WORD_END = re.compile(r"(?<=\S)(?=\s)")
# What may stand after the last word of a text and give way to another ending.
TRAILING = SENTENCE_MARKS + ",;:-–—\"”’'»)]*_ \t\n"
CONNECTING = ",;:-–— \t\n"


def certain_part(draft: str) -> str:
    """What of a draft stays, whatever follows: whole sentences, or whole words of the first; no marks at its end."""
    ends = [end.end() for end in SENTENCE_END.finditer(draft) if end.end() < len(draft)]
    if not ends:
        ends = [end.start() for end in WORD_END.finditer(draft)]
    return draft[: ends[-1]].rstrip(TRAILING) if ends else ""


def close(draft: str, shown: str, rules: Rules, *, complete: bool) -> str:
    """The reply that the draft becomes: it begins with `shown` and keeps the rules.

    Kept, in this order of preference: all of the draft where it is `complete`, whole sentences, whole words.
    """
    for body in _bodies(draft, complete):
        whole = complete and body == draft.rstrip()
        if body.startswith(shown) and (closed := _closed(body, shown, rules, whole=whole)):
            return closed
    return _closed(shown, shown, rules, whole=False) or shown


def can_close(shown: str, rules: Rules) -> bool:
    """Whether a reply that has shown this much can end at once and keep the rules."""
    return bool(_closed(shown, shown, rules, whole=False))


def _bodies(draft: str, complete: bool) -> Iterator[str]:
    if complete:
        yield draft.rstrip()
    yield from reversed([draft[: end.end()] for end in SENTENCE_END.finditer(draft)])
    yield from reversed([draft[: end.start()] for end in WORD_END.finditer(draft)])
    yield ""


def _closed(body: str, shown: str, rules: Rules, *, whole: bool) -> str | None:
    candidates = _endings(body, rules) if rules.endings else _plain_ends(body, whole)
    return next((text for text in candidates if text.startswith(shown) and rules.accept(text)), None)


def _plain_ends(body: str, whole: bool) -> Iterator[str]:
    if whole or SENTENCE_END.search(body[-3:]):
        yield body
    cut = body.rstrip(CONNECTING)
    yield cut + "."
    yield cut


def _endings(body: str, rules: Rules) -> Iterator[str]:
    if rules.end(body):
        yield body
    words = body.rstrip(TRAILING)
    for ending in rules.endings:
        yield from _joined(words, body.rstrip(), ending) if words else [ending]


def _joined(words: str, body: str, ending: str) -> Iterator[str]:
    """The body with an ending: in place of its last mark, or as a last word."""
    spoken = ending.rstrip(TRAILING)
    if spoken and re.search(rf"(?<!\w){re.escape(spoken)}$", words, re.IGNORECASE):
        yield words[: -len(spoken)] + ending
    if not ending[0].isalnum():
        yield words + ending
        yield body + ending
    elif ending[0].islower():
        yield f"{words}, {ending}"
    yield f"{body} {ending}"
    yield f"{words} {ending}"
