"""Owns what a study states of a set of answers. Pure: texts and losses in, figures out."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.rules import Rules
from training.evaluate import Answer
from training.studies.style import StyleJudge

# A line that begins with a speaker's name, as in a script.
SPEAKER = re.compile(r"^\W{0,3}[A-Z][\w .'-]{0,24}:(?=\s|$)", re.MULTILINE)


@dataclass(frozen=True)
class CellFigures:
    """Shares are of all answers. `perplexity` is the base model's, of the answers after their prompts alone."""

    answers: int
    in_character: float
    asks: float
    nonsense: float
    scripts: float
    keeps_rules: float | None
    mean_words: float
    perplexity: float


def cell_figures(
    answers: Sequence[Answer], losses: Sequence[float], worst: float, judge: StyleJudge, rules: Rules | None
) -> CellFigures:
    """`losses`: per token, one for each answer. An answer is nonsense that is broken in form or above `worst`."""

    def share(holds: Callable[[Answer], bool]) -> float:
        return sum(map(holds, answers)) / len(answers)

    broken = [answer.flaw is not None or loss > worst for answer, loss in zip(answers, losses, strict=True)]
    return CellFigures(
        answers=len(answers),
        in_character=share(lambda answer: judge.in_character(answer.text)),
        asks=share(lambda answer: "?" in answer.text),
        nonsense=sum(broken) / len(broken),
        scripts=share(lambda answer: SPEAKER.search(answer.text) is not None),
        keeps_rules=None if rules is None else share(lambda answer: rules.accept(answer.text)),
        mean_words=sum(len(answer.text.split()) for answer in answers) / len(answers),
        perplexity=math.exp(sum(losses) / len(losses)),
    )
