"""Owns learning from pairs: the answer members want becomes likelier than the one it replaces (TRL's DPOTrainer).

It goes on with the adapter of the stage before, whose frozen copy is the reference (Rafailov et al., 2023): what the
persona has learned is where it is held to, not the base model's own voice.
"""

from collections.abc import Sequence
from typing import Any

import datasets
from trl import DPOConfig, DPOTrainer

from training.dataset import PreferenceExample
from training.recipes.adapter import LossPoint
from training.recipes.loop import Hyperparameters, Stage, common, follow, one_device, steps_of

# Pairs per forward pass: padded, they and their logits take room that trees of an imitation do not.
PAIRS_AT_ONCE = 2


def prefer(
    model: Any, tokenizer: Any, pairs: Sequence[PreferenceExample], parameters: Hyperparameters, stage: Stage
) -> list[LossPoint]:
    """Train the PEFT model's adapter on the pairs, in place; its losses."""
    epochs = parameters.preference_epochs
    part = PAIRS_AT_ONCE if parameters.batch_size % PAIRS_AT_ONCE == 0 else 1
    arguments = DPOConfig(
        **common(parameters, stage, steps_of(len(pairs), parameters, epochs), part),
        num_train_epochs=epochs,
        learning_rate=parameters.preference_learning_rate,
        beta=parameters.preference_beta,
        gradient_checkpointing=True,
        max_length=None,
    )
    trainer = _RenderedTrainer(
        model, args=one_device(arguments), train_dataset=_columns(pairs), processing_class=tokenizer
    )
    losses = follow(trainer, stage)
    model.delete_adapter("ref")
    return losses


class _RenderedTrainer(DPOTrainer):  # type: ignore[misc] # trl is untyped
    """TRL's trainer on ids of our one renderer: TRL's own would render the prompt together with the answer."""

    def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
        return dataset


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
