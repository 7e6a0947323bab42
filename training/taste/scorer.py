"""Guesses from votes how well members would like another answer: a small logistic regression.

It sees what an answer looks like (length, marks, emoji, words, how it begins and ends) and the base model's mean
hidden state over it, so that tastes of form and of content can both be found. It knows no persona and no model.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]

WORD_STEPS = (3, 5, 8, 10, 12, 15, 20, 25, 30, 40, 60)
SEEN_AT_LEAST = 3  # votes in which a word or mark must occur, or be absent, to be looked at
MOST_TRAITS = 300
STATES_SHARE = 0.5  # of the hidden state, beside 1 of each trait: its many numbers weigh as one
FOLDS = 5
PENALTIES = (1.0, 3.0, 10.0, 30.0)
NEWTON_STEPS = 12
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True)
class JudgedAnswer:
    """An answer members voted on. `states`: the base model's mean hidden state over it, float [hidden]."""

    text: str
    states: Matrix
    liked: bool
    weight: float = 1.0


@dataclass(frozen=True)
class Scorer:
    """`evidence`: in how many of all pairs it finds the liked answer, among votes that it was not shown (AUC).

    `error` is the standard error of that by chance, when votes tell nothing (Mann and Whitney, 1947).
    """

    evidence: float
    error: float
    _looks: "_Looks"
    _weights: Matrix

    @property
    def tells_apart(self) -> bool:
        """Whether what it learned holds for other answers: two standard errors better than chance."""
        return self.evidence >= 0.5 + 2 * self.error

    def score(self, texts: Sequence[str], states: Sequence[Matrix]) -> list[float]:
        """The likelihood of a like for each answer, were likes and dislikes equally many."""
        return [float(p) for p in _sigmoid(self._looks.of(texts, states) @ self._weights)]


def learn_taste(votes: Sequence[JudgedAnswer]) -> Scorer:
    """Fit to the votes, which must hold likes and dislikes. The same votes give the same scorer."""
    looks = _Looks.seen_in(votes)
    features = looks.of([vote.text for vote in votes], [vote.states for vote in votes])
    liked = np.array([vote.liked for vote in votes])
    weights = _balanced(liked, np.array([vote.weight for vote in votes]))
    unseen = {penalty: _unseen_scores(features, liked, weights, penalty) for penalty in PENALTIES}
    evidence = {penalty: _auc(scores, liked) for penalty, scores in unseen.items()}
    penalty = max(PENALTIES, key=lambda each: evidence[each])
    likes, dislikes = int(liked.sum()), int((~liked).sum())
    error = math.sqrt((likes + dislikes + 1) / (12 * likes * dislikes))
    return Scorer(evidence[penalty], error, looks, _fit(features, liked, weights, penalty))


@dataclass(frozen=True)
class _Looks:
    """How an answer becomes numbers, on the scale of the answers that were voted on."""

    traits: tuple[str, ...]
    mean: Matrix
    spread: Matrix
    states_mean: Matrix
    states_spread: Matrix

    @classmethod
    def seen_in(cls, votes: Sequence[JudgedAnswer]) -> "_Looks":
        counts = Counter(trait for vote in votes for trait in _traits(vote.text))
        telling = {trait: n for trait, n in counts.items() if SEEN_AT_LEAST <= n <= len(votes) - SEEN_AT_LEAST}
        traits = tuple(sorted(telling, key=lambda trait: (-telling[trait], trait))[:MOST_TRAITS])
        raw = _raw([vote.text for vote in votes], traits)
        states = np.stack([vote.states for vote in votes])
        return cls(traits, raw.mean(0), raw.std(0) + 1e-3, states.mean(0), states.std(0) + 1e-3)

    def of(self, texts: Sequence[str], states: Sequence[Matrix]) -> Matrix:
        """float [texts, features], the last one constant."""
        plain = (_raw(texts, self.traits) - self.mean) / self.spread
        scaled = (np.stack(states) - self.states_mean) / self.states_spread * (STATES_SHARE / math.sqrt(states[0].size))
        return np.hstack([plain, scaled, np.ones((len(texts), 1))])


def _raw(texts: Sequence[str], traits: Sequence[str]) -> Matrix:
    places = {trait: place for place, trait in enumerate(traits)}
    table = np.zeros((len(texts), len(traits)))
    for row, text in enumerate(texts):
        for trait in _traits(text):
            if trait in places:
                table[row, places[trait]] = 1.0
    return np.hstack([table, np.array([_measures(text) for text in texts])])


def _traits(text: str) -> set[str]:
    """What an answer has or has not."""
    words = [word.casefold() for word in _WORD.findall(text)]
    marks = {character for character in text if not character.isalnum() and not character.isspace()}
    return {*(f"word {word}" for word in words), *(f"mark {mark}" for mark in marks), *_edges(text.strip(), words)}


def _edges(text: str, words: Sequence[str]) -> Iterator[str]:
    if text:
        yield f"ends {'letter' if text[-1].isalnum() else text[-1]}"
    if words:
        yield f"first {words[0]}"
        yield f"last {words[-1]}"


def _measures(text: str) -> list[float]:
    """How much of what an answer has."""
    words, letters = len(text.split()), sum(map(str.isalpha, text))
    return [
        *(float(words < step) for step in WORD_STEPS),
        math.log1p(words),
        math.log1p(len(text)),
        letters / max(1, words),
        math.log1p(sum(text.count(mark) for mark in ".!?…")),
        math.log1p(text.count("!")),
        math.log1p(text.count("?")),
        math.log1p(text.count(",")),
        math.log1p(text.count("\n")),
        math.log1p(sum(map(str.isdigit, text))),
        math.log1p(sum(ord(character) >= 0x2190 for character in text)),  # arrows, symbols and emoji
        sum(map(str.isupper, text)) / max(1, letters),
    ]


def _balanced(liked: npt.NDArray[np.bool_], sure: Matrix) -> Matrix:
    """Votes' weights such that both sides weigh the same, one a vote in the mean."""
    weights = np.zeros(len(liked))
    for side in (liked, ~liked):
        weights[side] = sure[side] / sure[side].sum() * len(liked) / 2
    return weights


def _unseen_scores(features: Matrix, liked: npt.NDArray[np.bool_], weights: Matrix, penalty: float) -> Matrix:
    """Each vote's score by a fit to the other folds. Every fold has its share of both sides."""
    fold = np.zeros(len(liked), dtype=int)
    for side in (liked, ~liked):
        fold[side] = np.arange(side.sum()) % FOLDS
    scores = np.zeros(len(liked))
    for number in range(FOLDS):
        shown = fold != number
        scores[~shown] = features[~shown] @ _fit(features[shown], liked[shown], weights[shown], penalty)
    return scores


def _fit(features: Matrix, liked: npt.NDArray[np.bool_], weights: Matrix, penalty: float) -> Matrix:
    """Newton's method on the penalized likelihood; the constant is not penalized."""
    ridge = np.full(features.shape[1], penalty)
    ridge[-1] = 1e-6
    found = np.zeros(features.shape[1])
    for _ in range(NEWTON_STEPS):
        chance = _sigmoid(features @ found)
        slope = features.T @ (weights * (chance - liked)) + ridge * found
        curve = (features * (weights * chance * (1 - chance))[:, None]).T @ features
        found = found - np.linalg.solve(curve + np.diag(ridge), slope)
    return found


def _auc(scores: Matrix, liked: npt.NDArray[np.bool_]) -> float:
    """The share of pairs of a like and a dislike in which the like has the higher score."""
    difference = scores[liked][:, None] - scores[~liked][None, :]
    return float((difference > 0).mean() + 0.5 * (difference == 0).mean())


def _sigmoid(values: Matrix) -> Matrix:
    chances: Matrix = 1.0 / (1.0 + np.exp(-np.clip(values, -30, 30)))
    return chances
