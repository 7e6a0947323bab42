"""Texts of a card at the length that a persona may have, and what was lost on the way."""

import re
from collections.abc import Iterable

_SENTENCE_END = re.compile(r"[.!?…][*_\"'”’)]{0,3}(?=\s)")


def cut(text: str, length: int) -> str:
    """At most `length` characters, ending at a word."""
    if len(text) <= length:
        return text
    head = text[: length - 1]
    return ((head.rsplit(None, 1) or [""])[0] if " " in head[length // 2 :] else head).rstrip() + "…"


def cut_speech(text: str, length: int) -> str:
    """At most `length` characters, ending at a sentence where there is one; an action between asterisks is closed."""
    if len(text) <= length:
        return text
    ends = [match.end() for match in _SENTENCE_END.finditer(text[:length])]
    head = text[: ends[-1]] if ends and ends[-1] > length // 2 else cut(text, length - 1)
    return head + "*" * (head.count("*") % 2) if len(head) < length else head.replace("*", "")


def first_sentence(text: str, length: int) -> str:
    """A whole short text, else its first sentence, at most `length` characters."""
    end = None if len(text) <= length else _SENTENCE_END.search(text)
    return cut(text[: end.end()] if end else text, length)


def one_line(text: str) -> str:
    return " ".join(text.split())


def joined(parts: Iterable[str]) -> str:
    return "\n".join(filter(None, parts))
