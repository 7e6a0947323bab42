"""Measures being in character: whose wording an answer resembles, the persona's or a neutral assistant's.

Naive Bayes over words, marks and pairs of neighbours (add-one smoothing). It sees wording only, not whether an answer
is right.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

TOKEN = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
FOLDS = 5


@dataclass(frozen=True)
class StyleJudge:
    """Tells answers like `ours` from answers like `theirs`."""

    ours: Counter[str]
    theirs: Counter[str]

    @classmethod
    def taught(cls, ours: Iterable[str], theirs: Iterable[str]) -> "StyleJudge":
        return cls(_counted(ours), _counted(theirs))

    def in_character(self, text: str) -> bool:
        """Whether the text's wording is likelier the persona's. Both are as likely beforehand."""
        return sum(self._evidence(feature) for feature in _features(text)) > 0

    def _evidence(self, feature: str) -> float:
        kinds = len(self.ours.keys() | self.theirs.keys())
        ours = (self.ours[feature] + 1) / (self.ours.total() + kinds)
        return math.log(ours * (self.theirs.total() + kinds) / (self.theirs[feature] + 1))


def accuracy(ours: Sequence[str], theirs: Sequence[str]) -> float:
    """How often the measure is right on answers it was not taught, by cross-validation; both kinds count the same."""
    right: list[list[bool]] = [[], []]
    for fold in range(FOLDS):
        judge = StyleJudge.taught(_without(ours, fold), _without(theirs, fold))
        right[0] += [judge.in_character(text) for text in ours[fold::FOLDS]]
        right[1] += [not judge.in_character(text) for text in theirs[fold::FOLDS]]
    return sum(sum(kind) / len(kind) for kind in right) / len(right)


def _without(texts: Sequence[str], fold: int) -> list[str]:
    return [text for place, text in enumerate(texts) if place % FOLDS != fold]


def _counted(texts: Iterable[str]) -> Counter[str]:
    return Counter(feature for text in texts for feature in _features(text))


def _features(text: str) -> list[str]:
    words = TOKEN.findall(text.lower())
    return [*words, *map(" ".join, pairwise(words))]
