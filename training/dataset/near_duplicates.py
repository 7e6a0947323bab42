"""Finds texts that say nearly the same: MinHash over pairs of neighbouring words (Broder, 1997), in bands."""

import itertools
import zlib
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

ALIKE = 0.8  # share of word pairs in common (Jaccard) from which two texts count as one
BANDS, ROWS = 20, 4  # two texts with 0.8 in common share one of 20 bands of 4 hashes with 99.999 %
PRIME = (1 << 31) - 1

_random = np.random.default_rng(1)
_FACTORS = _random.integers(1, PRIME, BANDS * ROWS, dtype=np.uint64)
_SHIFTS = _random.integers(0, PRIME, BANDS * ROWS, dtype=np.uint64)


def normal(text: str) -> str:
    """What two texts that say the same have in common: words, without case, spacing or punctuation."""
    kept = "".join(character if character.isalnum() else " " for character in text.casefold())
    return " ".join(kept.split()) or text.strip()


class NearDuplicates:
    """Remembers texts, and tells a new one that says nearly the same as one of them."""

    def __init__(self) -> None:
        self._shingles: list[frozenset[int]] = []
        self._buckets: defaultdict[tuple[int, bytes], list[int]] = defaultdict(list)

    def add(self, text: str) -> bool:
        """Remember the text. False, and nothing is remembered, when a text much like it is known already."""
        shingles = _shingles(text)
        keys = _bands(shingles)
        candidates = {index for key in keys for index in self._buckets.get(key, ())}
        if any(_alike(shingles, self._shingles[index]) for index in candidates):
            return False
        for key in keys:
            self._buckets[key].append(len(self._shingles))
        self._shingles.append(shingles)
        return True


def _shingles(text: str) -> frozenset[int]:
    words = normal(text).split()
    pairs = [f"{one} {two}" for one, two in itertools.pairwise(words)] or words or [text]
    return frozenset(zlib.crc32(pair.encode("utf-8", "replace")) % PRIME for pair in pairs)


def _bands(shingles: frozenset[int]) -> list[tuple[int, bytes]]:
    values: NDArray[np.uint64] = np.fromiter(shingles, dtype=np.uint64, count=len(shingles))
    hashes = ((values[:, None] * _FACTORS + _SHIFTS) % np.uint64(PRIME)).min(axis=0)
    return [(band, hashes[band * ROWS : (band + 1) * ROWS].tobytes()) for band in range(BANDS)]


def _alike(one: frozenset[int], two: frozenset[int]) -> bool:
    return len(one & two) >= ALIKE * len(one | two)
