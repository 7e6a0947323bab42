"""Splits a text into messages of at most 2000 characters. Pure functions; knows nothing of Discord's API.

Lengths are counted in UTF-16 code units, as Discord's clients count them: never fewer than code points.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from bot.prompt.graphemes import graphemes

LIMIT = 2000

# Discord opens a code block at any three backticks; a word that ends the line right after them names the language.
_OPENING = re.compile(r"```(?:([\w+\-.#]{1,32})\n)?", re.ASCII)
_FENCE = "```"
# From the most to the least welcome place to cut, each just after the match.
_BOUNDARIES = (
    re.compile(r"\n[ \t]*\n"),
    re.compile(r"\n"),
    re.compile(r"[.!?…。！？][\"'”’)\]]*\s"),
    re.compile(r"\s"),
)


@dataclass(frozen=True)
class Part:
    """One message: `body` is a slice of the text; `opening` and `closing` are fences added around it."""

    opening: str
    body: str
    closing: str

    def __str__(self) -> str:
        return self.opening + self.body + self.closing


@dataclass(frozen=True)
class _Fence:
    """Three backticks in the text (with their language line) and the code block's state behind them."""

    start: int
    end: int
    language: str | None  # None: outside a code block; "" inside one that names no language


def split(text: str, limit: int = LIMIT) -> list[str]:
    """The messages that show `text`, in order; blank ones, which Discord refuses, are left out."""
    return [str(part) for part in parts(text, limit) if part.body.strip()]


def parts(text: str, limit: int = LIMIT) -> list[Part]:
    """`text` in slices of at most `limit` with their fences; the bodies joined are `text`.

    Every part's code blocks are closed in it and opened again, with their language, in the next one. Where a part
    ends depends on its own text alone (and a fence or grapheme at its very end), so that a reply which grows at its
    end edits only its last message. `limit` must be at least 64.
    """
    found: list[Part] = []
    start, language = 0, None
    while start < len(text):
        opening = "" if language is None else f"{_FENCE}{language}\n"
        end, behind = _cut(text, start, language, limit - units(opening))
        body = text[start:end]
        found.append(Part(opening, body, _closing(body, behind)))
        start, language = end, behind
    return found


def units(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text) + sum(character > "\uffff" for character in text)


def _cut(text: str, start: int, language: str | None, room: int) -> tuple[int, str | None]:
    """Where the part that begins at `start` ends, and the code block's state there."""
    window = text[start : start + room + 1]
    if len(window) <= room:
        behind = _state(list(_fences(text, start, len(text), language)), len(text), language)
        if units(window) + len(_closing(window, behind)) <= room:
            return len(text), behind
    furthest = _within(text, start, room - len(_FENCE) - 1)
    fences = list(_fences(text, start, furthest + 1, language))
    end = _best_end(text, start, furthest, fences)
    behind = _state(fences, end, language)
    if behind is not None:
        # The room kept for a closing fence holds the text's own one: no empty block opens in the next part.
        for own in (_FENCE, f"\n{_FENCE}"):
            if text.startswith(own, end):
                return end + len(own), None
    return end, behind


def _best_end(text: str, start: int, furthest: int, fences: list[_Fence]) -> int:
    """The most welcome cut in the window's second half, else the last one that parts no fence and no grapheme."""
    middle = start + (furthest - start) // 2
    for boundary in _BOUNDARIES:
        ends = [match.end() for match in boundary.finditer(text, middle, furthest)]
        for end in reversed(ends):
            if not _inside(fences, end):
                return end
    for end in reversed(_grapheme_ends(text, start, furthest)):
        if not _inside(fences, end):
            return end
    return next(
        (fence.start for fence in fences if fence.start < furthest < fence.end and fence.start > start), furthest
    )


def _grapheme_ends(text: str, start: int, furthest: int) -> list[int]:
    # One more grapheme's worth of text, so that the last one's end is known and not the window's.
    ends = accumulate(map(len, graphemes(text[start : furthest + 64])), initial=start)
    return [end for end in ends if start < end <= furthest]


def _within(text: str, start: int, room: int) -> int:
    """The furthest end so that the slice from `start` counts at most `room` units."""
    end = min(len(text), start + room)
    while units(text[start:end]) > room:
        end -= (units(text[start:end]) - room + 1) // 2
    return end


def _fences(text: str, start: int, end: int, language: str | None) -> Iterator[_Fence]:
    """The fences that begin in text[start:end], read from `start` in the given state."""
    position = start
    while 0 <= (position := text.find(_FENCE, position)) < end:
        if language is None:
            opening = _OPENING.match(text, position)
            assert opening is not None
            language, after = opening[1] or "", opening.end()
        else:
            language, after = None, position + len(_FENCE)
        yield _Fence(position, after, language)
        position = after


def _state(fences: list[_Fence], end: int, language: str | None) -> str | None:
    return next((fence.language for fence in reversed(fences) if fence.end <= end), language)


def _inside(fences: list[_Fence], end: int) -> bool:
    return any(fence.start < end < fence.end for fence in fences)


def _closing(body: str, language: str | None) -> str:
    if language is None:
        return ""
    return _FENCE if body.endswith("\n") else f"\n{_FENCE}"
