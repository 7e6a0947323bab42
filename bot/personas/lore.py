"""What a persona knows about single subjects: entries of a lorebook, told when their keys occur in a conversation."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Key = Annotated[str, Field(min_length=1, max_length=100)]
MOST_ENTRIES = 200


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
        return self._any(self.keys, text) and (not self.secondary_keys or self._any(self.secondary_keys, text))

    def _any(self, keys: Iterable[str], text: str) -> bool:
        return any(_occurs(key, text) if self.case_sensitive else _occurs(key.lower(), text.lower()) for key in keys)


@dataclass(frozen=True)
class LoreRoom:
    """What of a lorebook one prompt holds, at most."""

    entries: int = 5
    tokens: int = 300


USUAL_ROOM = LoreRoom()


def told(entries: Sequence[LoreEntry], texts: Iterable[str], room: LoreRoom, count: Callable[[str], int]) -> str:
    """The contents of the entries whose keys occur in `texts`, as far as there is room; `count`: a text's tokens."""
    text = "\n".join(texts)
    chosen: list[LoreEntry] = []
    for entry in sorted(entries, key=lambda entry: (-entry.priority, entry.order)):
        if len(chosen) == room.entries:
            break
        if entry.occurs_in(text) and count(_joined([*chosen, entry])) <= room.tokens:
            chosen.append(entry)
    return _joined(chosen)


def _joined(entries: Iterable[LoreEntry]) -> str:
    return "\n".join(entry.content for entry in sorted(entries, key=lambda entry: entry.order))


def _occurs(key: str, text: str) -> bool:
    """As a whole word, where the script has words: a neighbour that continues an ASCII word makes another word."""
    place = text.find(key)
    while place >= 0:
        before, after = text[place - 1 : place], text[place + len(key) : place + len(key) + 1]
        if not (_continues(before, key[0]) or _continues(key[-1], after)):
            return True
        place = text.find(key, place + 1)
    return False


def _continues(one: str, other: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9_]{2}", one + other) is not None
