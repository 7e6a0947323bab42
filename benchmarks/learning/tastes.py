"""Hidden tastes: what the simulated members like in a reply. The training never sees them, only the thumbs.

A taste says what is liked and, where that is easy to say, how a member who writes a better answer changes one. It is
written as on the command line:

    ends:?            the reply ends with this text
    contains:🦜        … contains it, in any case
    shorter:12        … has fewer words
    longer:20         … has more words
    matches:REGEX     … matches the regular expression somewhere
    not:TASTE         … is not to that taste
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

Judge = Callable[[str], bool]
Mend = Callable[[str], str]


@dataclass(frozen=True)
class Taste:
    written: str
    likes: Judge
    mend: Mend | None  # None: its members give thumbs only


def parse_taste(written: str) -> Taste:
    """Raises ValueError that names the kinds of taste there are."""
    kind, _, what = written.partition(":")
    if not what or kind not in _KINDS:
        raise ValueError(f"{written!r} is no taste: write one of {', '.join(f'{name}:…' for name in _KINDS)}")
    try:
        likes, mend = _KINDS[kind](what)
    except (re.error, ValueError) as error:
        raise ValueError(f"{written!r} is no taste: {error}") from None
    return Taste(written, lambda reply: bool(reply.strip()) and likes(reply), mend)


def _ends(what: str) -> tuple[Judge, Mend]:
    return lambda reply: reply.rstrip().endswith(what), lambda reply: reply.rstrip(" .,!?…") + what


def _contains(what: str) -> tuple[Judge, Mend]:
    return lambda reply: what.casefold() in reply.casefold(), lambda reply: f"{reply.rstrip()} {what}"


def _shorter(what: str) -> tuple[Judge, Mend]:
    words = int(what)
    return lambda reply: len(reply.split()) < words, lambda reply: _beginning(reply, words - 1)


def _beginning(reply: str, words: int) -> str:
    """As much as fits: its first sentences, or clauses, or words where those would be hardly anything."""
    for ends in (r"[.!?…](?=\s|$)", r"(?=,)"):
        parts = [reply[: end.end()] for end in re.finditer(ends, reply)]
        fitting = [part for part in parts if words // 3 <= len(part.split()) <= words]
        if fitting:
            return fitting[-1] if fitting[-1][-1] in ".!?…" else fitting[-1] + "."
    return " ".join(reply.split()[:words]).rstrip(",") + "."


def _longer(what: str) -> tuple[Judge, None]:
    words = int(what)
    return lambda reply: len(reply.split()) > words, None


def _matches(what: str) -> tuple[Judge, None]:
    pattern = re.compile(what)
    return lambda reply: pattern.search(reply) is not None, None


def _not(what: str) -> tuple[Judge, None]:
    other = parse_taste(what)
    return lambda reply: not other.likes(reply), None


_KINDS: dict[str, Callable[[str], tuple[Judge, Mend | None]]] = {
    "ends": _ends, "contains": _contains, "shorter": _shorter, "longer": _longer, "matches": _matches, "not": _not,
}  # fmt: skip
