"""Learning from pairs: the answer members want becomes likelier than the one it replaces (TRL's DPOTrainer).

It goes on with the adapter of the stage before, whose frozen copy is the reference (Rafailov et al., 2023): what the
persona has learned is where it is held to, not the base model's own voice. The loss is IPO's (Azar et al., 2024): the
better answer gains a margin over the other and no more, where DPO's own pushes them apart for ever, long after members
have what they want. Both answers of a pair lie in one prefix tree with those of its neighbours, so that prompts, and
whatever else the answers share, are computed once.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import datasets
import torch
from trl import DPOConfig, DPOTrainer
from trl.models.utils import disable_gradient_checkpointing
from trl.trainer.utils import use_adapter

from bot.prompt import TrainingExample
from training.dataset.rows import PreferenceExample
from training.dataset.sources import Source
from training.recipes.adapter import LossPoint
from training.recipes.batching import Neighbours, part_of_batch
from training.recipes.loop import Hyperparameters, Stage, common, follow, one_device, steps_of
from training.recipes.prefix_tree import plant, row_sums, target_losses
from training.recipes.recipe import Recipe, Supply, Trainee, TrainingInput


def train_dpo(
    trainee: Trainee, given: TrainingInput, parameters: Hyperparameters, stage: Stage
) -> tuple[Any, list[LossPoint]]:
    """Train the PEFT model's adapter on the pairs, in place; the model and its losses."""
    model, pairs = trainee.model, given.preferences
    groups = [_both(pair.prompt_ids, pair.chosen_ids, pair.rejected_ids) for pair in pairs]
    trainer = _TreeTrainer(
        Neighbours(groups, parameters),
        parameters.preference_margin,
        model,
        args=_arguments(parameters, groups, stage),
        train_dataset=_columns(pairs),
        data_collator=_collate,
        processing_class=trainee.tokenizer,
    )
    losses = follow(trainer, stage)
    model.delete_adapter("ref")
    return model, losses


def _missing(supply: Supply) -> str | None:
    if supply.pairs:
        return None
    return "there is no comparison or correction to learn from; wait for some, or choose auto."


DPO = Recipe(
    "dpo",
    suits=lambda supply, enough: supply.pairs >= enough.pairs,
    missing=_missing,
    steps=lambda given, parameters: steps_of(len(given.preferences), parameters, parameters.preference_epochs),
    train=train_dpo,
    preferences=frozenset({Source.CORRECTION, Source.COMPARISON}),
)


class _TreeTrainer(DPOTrainer):  # type: ignore[misc] # trl is untyped
    """TRL's trainer on ids of our one renderer, with the loss of a prefix tree in place of that of a padded batch.

    The loss is a mean of squares over pairs: 1 where it starts, 0 where each better answer has gained `margin` nats.
    """

    def __init__(self, order: Neighbours, margin: float, model: Any, **options: Any) -> None:
        self._order, self._margin = order, margin
        super().__init__(model, **options)

    def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
        """TRL's own would render the prompt together with the answer."""
        return dataset

    def _get_train_sampler(self, *_: Any) -> Neighbours:
        return self._order

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,  # noqa: ARG002 (the trainer's signature)
        num_items_in_batch: torch.Tensor | int | None = None,  # noqa: ARG002
    ) -> torch.Tensor:
        targets, rows = inputs.pop("targets"), inputs.pop("rows")
        with torch.no_grad(), disable_gradient_checkpointing(self.model), use_adapter(self.model, "ref"):
            before = target_losses(model, inputs, targets)
        gained = row_sums(before - target_losses(model, inputs, targets), rows, int(rows.max()) + 1)
        chosen, rejected = gained[0::2], gained[1::2]
        return ((chosen - rejected) / self._margin - 1).square().mean()


def _arguments(parameters: Hyperparameters, groups: Sequence[list[TrainingExample]], stage: Stage) -> DPOConfig:
    epochs = parameters.preference_epochs
    part, fits = part_of_batch(groups, parameters)
    arguments = DPOConfig(
        **common(parameters, stage, steps_of(len(groups), parameters, epochs), part),
        num_train_epochs=epochs,
        learning_rate=parameters.preference_learning_rate,
        gradient_checkpointing=not fits,
        max_length=None,
        remove_unused_columns=False,
    )
    return one_device(arguments)


def _columns(pairs: Sequence[PreferenceExample]) -> datasets.Dataset:
    return datasets.Dataset.from_list(
        [
            {
                "prompt_ids": list(pair.prompt_ids),
                "chosen_ids": list(pair.chosen_ids),
                "rejected_ids": list(pair.rejected_ids),
            }
            for pair in pairs
        ]
    )


def _collate(pairs: Sequence[Mapping[str, list[int]]]) -> dict[str, torch.Tensor]:
    """One tree of all answers: those wanted have even row numbers, each followed by the one it replaces."""
    groups = [_both(pair["prompt_ids"], pair["chosen_ids"], pair["rejected_ids"]) for pair in pairs]
    tree = plant([example for group in groups for example in group])
    return {**tree.inputs, "targets": tree.targets, "rows": tree.rows}


def _both(prompt: Sequence[int], chosen: Sequence[int], rejected: Sequence[int]) -> list[TrainingExample]:
    return [
        TrainingExample([*prompt, *completion], [0] * len(prompt) + [1] * len(completion))
        for completion in (chosen, rejected)
    ]
