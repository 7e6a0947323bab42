"""What a recipe is: one way of learning, when it suits, what it needs, and how it trains the adapter.

A training method is one recipe in a file of its own and one line in `training/recipes/table.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.prompt import TrainingExample
from training.dataset.rows import PreferenceExample, VotedExample
from training.dataset.sources import Source
from training.recipes.adapter import Blend, LossPoint
from training.recipes.loop import Hyperparameters, Stage
from training.recipes.rewards import Aim


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

    def suffices_for_votes(self, enough: "Enough") -> bool:
        return 2 * min(self.likes, self.dislikes) >= enough.votes

    def lacks_a_side(self) -> str:
        """Why votes of one kind alone teach nothing, with counts."""
        return (
            f"there are {self.likes} liked and {self.dislikes} disliked answers that may be used, and both kinds "
            "are needed; wait for votes, or choose auto."
        )


@dataclass(frozen=True)
class Enough:
    """From how many on a recipe is used by itself. `votes`: of likes and dislikes together, were they equally many."""

    pairs: int
    votes: int


@dataclass(frozen=True)
class TrainingInput:
    """All that a training learns from, as token ids."""

    examples: Sequence[TrainingExample]
    preferences: Sequence[PreferenceExample] = ()
    votes: Sequence[VotedExample] = ()
    prompts: Sequence[tuple[int, ...]] = ()
    aim: Aim | None = None  # None: nothing that can be verified
    blend: Blend | None = None  # averaged into what SFT made, before other recipes go on with it


@dataclass(frozen=True)
class Trainee:
    """The model as the recipe before left it; for the first recipe the plain base model, named `base`."""

    model: Any
    tokenizer: Any
    base: str


Train = Callable[[Trainee, TrainingInput, Hyperparameters, Stage], tuple[Any, list[LossPoint]]]


def _no_steps(_: TrainingInput, __: Hyperparameters) -> int:
    return 0


@dataclass(frozen=True)
class Recipe:
    """One way of learning, named as in `training.method`.

    suits: whether `auto` chooses it.
    missing: why it cannot be used, one sentence with the remedy; None when it can.
    steps: how many optimizer steps it takes.
    train: goes on with the trainee; returns the PEFT model and the loss of every step. None: it adds to the dataset
        before anything is trained.
    preferences: what members prefer that it learns from. Such a recipe begins with a share of the version that speaks.
    """

    name: str
    suits: Callable[[Supply, Enough], bool]
    missing: Callable[[Supply], str | None]
    steps: Callable[[TrainingInput, Hyperparameters], int] = _no_steps
    train: Train | None = None
    preferences: frozenset[Source] = frozenset()

    def __str__(self) -> str:
        return self.name
