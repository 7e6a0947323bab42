"""Owns what a reader finds in a file: examples and bad rows, each with the line it begins at."""

from dataclasses import dataclass

from bot.personas.catalog import Pair


@dataclass(frozen=True)
class Found:
    """One example: a pair, or running text."""

    line: int
    example: Pair | str


@dataclass(frozen=True)
class Skipped:
    """What cannot be used, and why, in words that end a sentence “line 7: …”."""

    line: int
    reason: str


class BadRow(Exception):
    """A row that cannot be used; the message is the reason."""
