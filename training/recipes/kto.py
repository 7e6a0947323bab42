"""Learning from bare thumbs: liked answers become likelier, disliked ones less so (TRL's KTOTrainer).

It goes on with the adapter of the stage before, whose frozen copy is the reference (Ethayarajh et al., 2024).
"""

import random
from collections.abc import Sequence
from typing import Any

import datasets
from trl import KTOConfig, KTOTrainer

from training.dataset.rows import VotedExample
from training.dataset.sources import Source
from training.recipes.adapter import LossPoint
from training.recipes.loop import Hyperparameters, Stage, common, follow, one_device, steps_of
from training.recipes.recipe import Recipe, Trainee, TrainingInput

# The divergence from the reference is estimated within what passes at once: at least 2 rows, better 4 of both kinds.
ROWS_AT_ONCE = 4
# TRL's loss knows no weights of rows: votes that members are less sure of than this are left out (3 of 4 agree: 0.5).
SURE_ENOUGH = 0.5


def train_kto(
    trainee: Trainee, given: TrainingInput, parameters: Hyperparameters, stage: Stage
) -> tuple[Any, list[LossPoint]]:
    """Train the PEFT model's adapter on the votes, in place; the model and its losses. There must be both kinds."""
    model, rows = trainee.model, mixed(sure(given.votes), parameters.seed)
    desirable, undesirable = balance(rows)
    epochs = parameters.preference_epochs
    part = next(size for size in (ROWS_AT_ONCE, 3, 2, parameters.batch_size) if parameters.batch_size % size == 0)
    arguments = KTOConfig(
        **common(parameters, stage, steps_of(len(rows), parameters, epochs), part),
        num_train_epochs=epochs,
        learning_rate=parameters.preference_learning_rate,
        beta=parameters.preference_beta,
        desirable_weight=desirable,
        undesirable_weight=undesirable,
        gradient_checkpointing=True,
        max_length=None,
    )
    trainer = _RenderedTrainer(
        model, args=one_device(arguments), train_dataset=_columns(rows), processing_class=trainee.tokenizer
    )
    losses = follow(trainer, stage)
    model.delete_adapter("ref")
    return model, losses


def sure(votes: Sequence[VotedExample]) -> list[VotedExample]:
    """The votes that KTO learns from."""
    return [vote for vote in votes if vote.weight >= SURE_ENOUGH]


def balance(votes: Sequence[VotedExample]) -> tuple[float, float]:
    """Weights of likes and of dislikes that let both sides count the same (equation 8 of the paper); one is 1."""
    likes = sum(vote.liked for vote in votes)
    dislikes = len(votes) - likes
    return (dislikes / likes, 1.0) if likes < dislikes else (1.0, likes / dislikes)


def mixed(votes: Sequence[VotedExample], seed: int) -> list[VotedExample]:
    """In an order in which every neighbourhood has likes and dislikes in about the share of the whole.

    TRL's loss needs a fixed order, so it is shuffled here.
    """
    chance = random.Random(seed)
    sides = [[vote for vote in votes if vote.liked is liked] for liked in (True, False)]
    placed = [
        ((place + chance.random()) / len(side), vote)
        for side in sides
        for place, vote in enumerate(chance.sample(side, len(side)))
    ]
    return [vote for _, vote in sorted(placed, key=lambda item: item[0])]


KTO = Recipe(
    "kto",
    suits=lambda supply, enough: supply.suffices_for_votes(enough),
    missing=lambda supply: None if min(supply.likes, supply.dislikes) else supply.lacks_a_side(),
    steps=lambda given, parameters: steps_of(len(sure(given.votes)), parameters, parameters.preference_epochs),
    train=train_kto,
    preferences=frozenset({Source.VOTE}),
)


class _RenderedTrainer(KTOTrainer):  # type: ignore[misc] # trl is untyped
    """TRL's trainer on ids of our one renderer: TRL's own would render the prompt together with the answer."""

    def _prepare_dataset(self, dataset: Any, _: Any, arguments: KTOConfig, *__: Any) -> Any:
        """With the answers of neighbours, from which the divergence is estimated, as TRL prepares them."""
        answers = dataset["completion_ids"][:]
        size = arguments.per_device_train_batch_size
        groups = [answers[start : start + size] for start in range(0, len(answers), size)]
        rotated = [answer for group in groups for answer in (group[-1:] + group[:-1])]
        return dataset.add_column("KL_completion_ids", rotated)


def _columns(votes: Sequence[VotedExample]) -> datasets.Dataset:
    return datasets.Dataset.from_list(
        [
            {"prompt_ids": list(vote.prompt_ids), "completion_ids": list(vote.completion_ids), "label": vote.liked}
            for vote in votes
        ]
    )
