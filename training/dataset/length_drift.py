"""Guards against length drift: liked answers must not make a persona longer-winded from one training to the next."""

import statistics
from collections.abc import Sequence

FEWEST_TO_MEASURE = 10
OUTLIER = 4.0  # times the usual length


def words(text: str) -> int:
    return len(text.split())


def usual_words(answers: Sequence[str]) -> float | None:
    """The mean length of the answers in words; None when they are too few to say."""
    lengths = [words(answer) for answer in answers if answer.strip()]
    return statistics.fmean(lengths) if len(lengths) >= FEWEST_TO_MEASURE else None


def too_long(answers: Sequence[str], usual: float, drift: float) -> set[int]:
    """Places of the answers to leave out: outliers, then the longest, until the mean is at most `drift` × `usual`."""
    lengths = {place: words(answer) for place, answer in enumerate(answers)}
    left_out = {place for place, length in lengths.items() if length > max(OUTLIER, drift) * usual}
    kept = sorted(lengths.keys() - left_out, key=lambda place: (lengths[place], place))
    total = sum(lengths[place] for place in kept)
    while kept and total > drift * usual * len(kept):
        longest = kept.pop()
        total -= lengths[longest]
        left_out.add(longest)
    return left_out
