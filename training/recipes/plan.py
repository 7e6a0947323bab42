"""Owns which methods a training uses: a pure choice from what members gave."""

from dataclasses import dataclass
from enum import StrEnum

from bot.errors import ConfigError, DatasetError

# Of likes and of dislikes: with fewer, a scorer of answers learns them by heart.
FEWEST_TO_SCORE = 10


class Method(StrEnum):
    """In the order in which they are used; each goes on with the adapter of the one before."""

    REJECTION = "rejection"  # more examples for SFT: sampled answers that the votes' scorer likes
    SFT = "sft"
    DPO = "dpo"
    KTO = "kto"
    GRPO = "grpo"


@dataclass(frozen=True)
class Supply:
    """What there is to learn from; `rules`: the card rules something that can be verified."""

    pairs: int
    likes: int
    dislikes: int
    corrections: int = 0
    rules: bool = False

    @property
    def to_score(self) -> int:
        """Of answers that members like, or would, and of answers that they dislike: the fewer."""
        return min(self.likes + self.corrections, self.dislikes)


@dataclass(frozen=True)
class Enough:
    """From how many on a method is used by itself. `votes`: of likes and dislikes together, were they equally many."""

    pairs: int
    votes: int


def choose(method: str, supply: Supply, enough: Enough) -> tuple[Method, ...]:
    """The methods for `method`: `auto`, or names joined by `+`, to which SFT is always added.

    Raises ConfigError for a name that is none, DatasetError when a named method has nothing to learn from.
    """
    wanted = _automatic(supply, enough) if method == "auto" else _named(method)
    chosen = tuple(each for each in Method if each in wanted | {Method.SFT})
    for each in chosen:
        if refusal := _missing(each, supply):
            raise DatasetError(f"method {each}: {refusal}")
    return chosen


def _automatic(supply: Supply, enough: Enough) -> set[Method]:
    """GRPO is never among them: what a card rules, the sampler enforces to the letter without any training."""
    wanted = {Method.SFT}
    if supply.pairs >= enough.pairs:
        wanted.add(Method.DPO)
    if 2 * min(supply.likes, supply.dislikes) >= enough.votes:
        wanted.add(Method.KTO)
    elif supply.to_score >= FEWEST_TO_SCORE:
        wanted.add(Method.REJECTION)
    return wanted


def _named(method: str) -> set[Method]:
    try:
        return {Method(name) for name in method.split("+")}
    except ValueError:
        names = ", ".join(Method)
        raise ConfigError(f"training.method = {method!r}: must be auto, or of {names}, joined as in sft+dpo.") from None


def _missing(method: Method, supply: Supply) -> str | None:
    if method is Method.DPO and not supply.pairs:
        return "there is no comparison or correction to learn from; wait for some, or choose auto."
    if (method is Method.KTO and not min(supply.likes, supply.dislikes)) or (
        method is Method.REJECTION and not supply.to_score
    ):
        return (
            f"there are {supply.likes} liked and {supply.dislikes} disliked answers that may be used, and both kinds "
            "are needed; wait for votes, or choose auto."
        )
    if method is Method.GRPO and not supply.rules:
        return "the persona's card has no [rules] that could be verified; write some, or choose auto."
    return None
