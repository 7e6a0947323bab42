"""What a study states of a set of answers. Pure: texts and losses in, figures out."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.personas.rules import Rules
from training.dataset.near_duplicates import normal
from training.judging.measuring import Answer
from training.studies.style import StyleJudge

# A line that begins with a speaker's name, as in a script.
SPEAKER = re.compile(r"^\W{0,3}[A-Z][\w .'-]{0,24}:(?=\s|$)", re.MULTILINE)


@dataclass(frozen=True)
class Judges:
    """What answers are held against. `worst`: the base model's loss per token above which an answer is no language."""

    style: StyleJudge
    worst: float
    rules: Rules | None = None

    def is_nonsense(self, answer: Answer, loss: float) -> bool:
        """Broken in form, or less fluent than any answer written for the persona."""
        return answer.flaw is not None or loss > self.worst


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


@dataclass(frozen=True)
class ConversationFigures:
    """Shares of all replies; `good` ones are in character, new, sensible and no script. `turns`: replies to each."""

    conversations: int
    turns: int
    good: float
    in_character: float
    repeated: float
    nonsense: float
    scripts: float


def cell_figures(answers: Sequence[Answer], losses: Sequence[float], judges: Judges) -> CellFigures:
    """`losses`: per token, one for each answer."""

    def share(holds: Callable[[Answer], bool]) -> float:
        return sum(map(holds, answers)) / len(answers)

    rules = judges.rules
    return CellFigures(
        answers=len(answers),
        in_character=share(lambda answer: judges.style.in_character(answer.text)),
        asks=share(lambda answer: "?" in answer.text),
        nonsense=sum(map(judges.is_nonsense, answers, losses)) / len(answers),
        scripts=share(lambda answer: is_script(answer.text)),
        keeps_rules=None if rules is None else share(lambda answer: rules.accept(answer.text)),
        mean_words=sum(len(answer.text.split()) for answer in answers) / len(answers),
        perplexity=math.exp(sum(losses) / len(losses)),
    )


def conversation_figures(
    talks: Sequence[Sequence[Answer]], losses: Sequence[Sequence[float]], judges: Judges
) -> ConversationFigures:
    """`talks`: one version's replies, turn by turn, in each conversation; `losses` per token, in the same shape."""
    kinds = [
        (
            judges.style.in_character(reply.text),
            normal(reply.text) in {normal(earlier.text) for earlier in talk[:turn]},
            judges.is_nonsense(reply, loss),
            is_script(reply.text),
        )
        for talk, own in zip(talks, losses, strict=True)
        for turn, (reply, loss) in enumerate(zip(talk, own, strict=True))
    ]
    in_character, repeated, nonsense, scripts = (sum(kind) / len(kinds) for kind in zip(*kinds, strict=True))
    good = sum(kind == (True, False, False, False) for kind in kinds) / len(kinds)
    turns = max(map(len, talks))
    return ConversationFigures(len(talks), turns, good, in_character, repeated, nonsense, scripts)


def is_script(text: str) -> bool:
    return SPEAKER.search(text) is not None
