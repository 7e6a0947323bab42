"""A card's lorebook: entries that always hold, and entries told when their keys occur."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from bot.personas.character_cards.fields import plain_text
from bot.personas.lore import MOST_ENTRIES, LoreEntry

_PATTERN = re.compile(r"/.+/[a-z]*", re.DOTALL)


@dataclass
class Lorebook:
    """`constant`: what always holds, in order. `unused`: entries that are switched on and cannot be used."""

    constant: list[str] = field(default_factory=list)
    entries: list[LoreEntry] = field(default_factory=list)
    unused: int = 0


def read_lorebook(book: Mapping[str, Any], spoken: Callable[[str], str]) -> Lorebook:
    """`book`: as V2 and V3 have it, or as SillyTavern exports it alone. `spoken` writes macros out."""
    read = Lorebook()
    for entry in sorted(_switched_on(book), key=_order):
        content, always = _without_decorators(plain_text(entry.get("content")))
        if not (content := spoken(content)):
            continue
        if always or _flag(entry, "constant"):
            read.constant.append(content)
        elif len(read.entries) < MOST_ENTRIES and (lore := _entry(entry, content, spoken)):
            read.entries.append(lore)
        else:
            read.unused += 1
    return read


def written_lorebook(entries: Iterable[LoreEntry]) -> dict[str, Any]:
    """As a V2 card holds it."""
    return {
        "extensions": {},
        "entries": [
            {
                "keys": list(entry.keys),
                "secondary_keys": list(entry.secondary_keys),
                "selective": bool(entry.secondary_keys),
                "content": entry.content,
                "constant": False,
                "case_sensitive": entry.case_sensitive,
                "priority": entry.priority,
                "insertion_order": entry.order,
                "enabled": True,
                "extensions": {},
            }
            for entry in entries
        ],
    }


def _switched_on(book: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    entries = book.get("entries")
    for entry in entries.values() if isinstance(entries, dict) else entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and _flag(entry, "enabled", usual=True) and not _flag(entry, "disable"):
            yield entry


def _entry(entry: Mapping[str, Any], content: str, spoken: Callable[[str], str]) -> LoreEntry | None:
    """None for one without keys, with patterns for keys, or too long."""
    if _flag(entry, "use_regex"):
        return None
    secondary = _keys(entry, "secondary_keys", "keysecondary") if _flag(entry, "selective", usual=True) else []
    try:
        return LoreEntry(
            keys=tuple(map(spoken, _keys(entry, "keys", "key"))),
            content=content,
            secondary_keys=tuple(map(spoken, secondary)),
            case_sensitive=_flag(entry, "case_sensitive"),
            priority=_number(entry.get("priority")),
            order=_order(entry),
        )
    except ValidationError:
        return None


def _without_decorators(content: str) -> tuple[str, bool]:
    """The content without the lines that V3 begins it with, as `@@depth 4`; and whether they say it always holds."""
    lines = content.split("\n")
    count = next((place for place, line in enumerate(lines) if not line.startswith("@@")), len(lines))
    return "\n".join(lines[count:]), "@@activate" in [line.strip() for line in lines[:count]]


def _keys(entry: Mapping[str, Any], *names: str) -> list[str]:
    """A list of keys, or text with commas between them; patterns between slashes are no words to look for."""
    found: Any = next((entry[name] for name in names if entry.get(name)), [])
    keys = found.split(",") if isinstance(found, str) else found if isinstance(found, list) else []
    return [text for key in keys if (text := plain_text(key)) and not _PATTERN.fullmatch(text)]


def _order(entry: Mapping[str, Any]) -> int:
    return _number(entry.get("insertion_order", entry.get("order")))


def _number(value: Any) -> int:
    """YAML has it as text; whatever is no number in a sane range is 0."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return 0
    return int(number) if abs(number) < 1e9 else 0


def _flag(entry: Mapping[str, Any], key: str, *, usual: bool = False) -> bool:
    value = entry.get(key)
    if isinstance(value, str):
        return value.strip().lower() in ("true", "yes", "1")
    return usual if value is None else bool(value)
