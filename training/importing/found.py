"""What a reader finds in a file: examples and bad rows, each with the line it begins at."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.personas.catalog import Pair


@dataclass(frozen=True)
class Found:
    """One example: a pair, or running text.

    `rejected` is an answer to the same prompt that somebody liked less. `left_out` names what the example came without.
    """

    line: int
    example: Pair | str
    rejected: str | None = None
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Skipped:
    """What cannot be used, and why, in words that end a sentence “line 7: …”."""

    line: int
    reason: str


class BadRow(Exception):
    """A row that cannot be used; the message is the reason."""


def shown(value: object, length: int = 40) -> str:
    """A stranger's value, short and safe to print: no control characters, no half surrogate pairs."""
    text = " ".join(str(value)[: 4 * length].split())
    safe = "".join(character if character.isprintable() else "\ufffd" for character in text)
    return safe if len(safe) <= length else f"{safe[:length]}…"


def counted(names: Mapping[str, int], most: int = 10) -> str:
    """“Ina (3), Mossbeard (2)”, the most first."""
    ranked = sorted(names.items(), key=lambda item: -item[1])
    listed = ", ".join(f"{shown(name)} ({count})" for name, count in ranked[:most])
    return f"{listed} and {len(ranked) - most} more" if len(ranked) > most else listed


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
