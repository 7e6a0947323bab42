"""What a persona knows about single subjects: entries of a lorebook, told when their keys occur in a conversation."""

import string
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Key = Annotated[str, Field(min_length=1, max_length=100)]
MOST_ENTRIES = 200
_WORD = frozenset(string.ascii_letters + string.digits + "_")


class LoreEntry(BaseModel):
    """`content` is told when one of `keys` occurs, and one of `secondary_keys` where there are any.

    `priority`: of two for which there is no room the higher stays; `order`: the lower is told first.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    keys: Annotated[tuple[Key, ...], Field(min_length=1, max_length=50)]
    content: Annotated[str, Field(min_length=1, max_length=2000)]
    secondary_keys: Annotated[tuple[Key, ...], Field(max_length=50)] = ()
    case_sensitive: bool = False
    priority: int = 0
    order: int = 0

    def occurs_in(self, text: str) -> bool:
        return self.is_named_in(Said(text, [self]))

    def is_named_in(self, said: "Said") -> bool:
        found = said.as_written if self.case_sensitive else said.in_lower_case
        return found(self.keys) and (not self.secondary_keys or found(self.secondary_keys))


@dataclass(frozen=True)
class LoreRoom:
    """What of a lorebook one prompt holds, at most."""

    entries: int = 5
    tokens: int = 300


USUAL_ROOM = LoreRoom()


def told(entries: Sequence[LoreEntry], texts: Iterable[str], room: LoreRoom, count: Callable[[str], int]) -> str:
    """The contents of the entries whose keys occur in `texts`, as far as there is room; `count`: a text's tokens."""
    said = Said("\n".join(texts), entries)
    chosen: list[LoreEntry] = []
    for entry in sorted(entries, key=lambda entry: (-entry.priority, entry.order)):
        if len(chosen) == room.entries:
            break
        if entry.is_named_in(said) and count(_joined([*chosen, entry])) <= room.tokens:
            chosen.append(entry)
    return _joined(chosen)


def _joined(entries: Iterable[LoreEntry]) -> str:
    return "\n".join(entry.content for entry in sorted(entries, key=lambda entry: entry.order))


class Said:
    """Which keys of a lorebook occur in a text: found in one pass, however many keys there are and how they repeat."""

    def __init__(self, text: str, entries: Iterable[LoreEntry]) -> None:
        written, lower = set[str](), set[str]()
        for entry in entries:
            keys = (*entry.keys, *entry.secondary_keys)
            written.update(keys) if entry.case_sensitive else lower.update(key.lower() for key in keys)
        self._written = _occurring(written, text)
        self._lower = _occurring(lower, text.lower())

    def as_written(self, keys: Iterable[str]) -> bool:
        return not self._written.isdisjoint(keys)

    def in_lower_case(self, keys: Iterable[str]) -> bool:
        return not self._lower.isdisjoint(key.lower() for key in keys)


def _occurring(keys: set[str], text: str) -> set[str]:
    """Those that occur as whole words, where the script has words.

    A neighbour that continues an ASCII word makes another word.
    """
    lengths = sorted({len(key) for key in keys})
    beginnings = {key[0] for key in keys}
    found = set[str]()
    for start, first in enumerate(text):
        if first in beginnings and not (start and _continues(text[start - 1], first)):
            pieces = (text[start : start + length] for length in lengths)
            found.update(piece for piece in pieces if piece in keys and _ends(text, start + len(piece)))
    return found


def _ends(text: str, end: int) -> bool:
    return end == len(text) or not _continues(text[end - 1], text[end])


def _continues(one: str, other: str) -> bool:
    return one in _WORD and other in _WORD
