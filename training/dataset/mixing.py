"""Mixes a persona's own examples and ordinary questions with what members taught: shares and repeats."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

MOST_REPEATS = 4  # of one hand-written pair in an epoch: more teach it by heart


def evenly(items: Sequence[T], count: int) -> list[T]:
    """`count` items spread over the whole sequence, so that every topic of a sorted file keeps its share."""
    if len(items) <= count:
        return list(items)
    return [items[index * len(items) // count] for index in range(count)]


def repeated(items: Sequence[T], count: int) -> list[tuple[T, int]]:
    """Items with weights that come to `count`: a choice of them, or each several times (MOST_REPEATS at most)."""
    if count <= len(items):
        return [(item, 1) for item in evenly(items, count)]
    if not items:
        return []
    whole, rest = divmod(min(count, MOST_REPEATS * len(items)), len(items))
    more = set(evenly(range(len(items)), rest))
    return [(item, whole + (index in more)) for index, item in enumerate(items)]


def drawn(key: str) -> float:
    """A number in [0, 1) that is as good as random, and always the same for a key."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:6]) / 2**48


def needed(others: int, share: float) -> int:
    """How many make up `share` of a mixture in which there are `others` besides."""
    return round(others * share / (1.0 - share))
