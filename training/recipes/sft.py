"""Supervised fine-tuning: a new LoRA adapter on the base model that imitates examples (TRL's SFTTrainer).

The loss is on completions only, or on all tokens of running text, as the examples' masks say.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import datasets
import torch
from trl import SFTConfig, SFTTrainer

from bot.errors import ConfigError
from bot.prompt import TrainingExample
from training.recipes.adapter import LossPoint, lora
from training.recipes.batching import Neighbours, part_of_batch
from training.recipes.loop import Hyperparameters, Stage, common, follow, one_device, steps_of
from training.recipes.prefix_tree import plant, target_losses
from training.recipes.recipe import Recipe, Trainee, TrainingInput


def train_sft(
    trainee: Trainee, given: TrainingInput, parameters: Hyperparameters, stage: Stage
) -> tuple[Any, list[LossPoint]]:
    """The base model with a new adapter trained on the examples; and its losses."""
    examples = given.examples
    _require_window(trainee.model.config, examples)
    trainer = _TreeTrainer(
        Neighbours([[example] for example in examples], parameters),
        model=trainee.model,
        args=_arguments(parameters, examples, stage),
        train_dataset=_columns(examples),
        data_collator=_collate,
        processing_class=trainee.tokenizer,
        peft_config=lora(parameters.rank, parameters.alpha, trainee.base),
    )
    losses = follow(trainer, stage)
    if given.blend:
        given.blend.into(trainer.model)
    return trainer.model, losses


SFT = Recipe(
    "sft",
    suits=lambda *_: True,
    missing=lambda _: None,
    steps=lambda given, parameters: steps_of(len(given.examples), parameters, parameters.epochs),
    train=train_sft,
)


class _TreeTrainer(SFTTrainer):  # type: ignore[misc] # trl is untyped
    """TRL's trainer with the loss of a prefix tree in place of that of a padded batch."""

    def __init__(self, order: Neighbours, **options: Any) -> None:
        self._order = order
        super().__init__(**options)

    def _get_train_sampler(self, *_: Any) -> Neighbours:
        return self._order

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,  # noqa: ARG002 (the trainer's signature)
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        targets = inputs["shift_labels"]
        arguments = {name: value for name, value in inputs.items() if name not in ("labels", "shift_labels")}
        total = target_losses(model, arguments, targets).sum()
        return total / (len(targets) if num_items_in_batch is None else num_items_in_batch)


def _columns(examples: Sequence[TrainingExample]) -> datasets.Dataset:
    """Labels make TRL skip its own rendering: the ids are those of our one renderer."""
    return datasets.Dataset.from_list(
        [
            {
                "input_ids": example.ids,
                "labels": [
                    token if learn else -100 for token, learn in zip(example.ids, example.loss_mask, strict=True)
                ],
            }
            for example in examples
        ]
    )


def _collate(rows: Sequence[Mapping[str, list[int]]]) -> dict[str, torch.Tensor]:
    """The trainer counts the targets of a step by `shift_labels`, to weigh the parts of an accumulated batch."""
    tree = plant([TrainingExample(row["input_ids"], [int(label != -100) for label in row["labels"]]) for row in rows])
    return {**tree.inputs, "labels": tree.targets, "shift_labels": tree.targets}


def _arguments(parameters: Hyperparameters, examples: Sequence[TrainingExample], stage: Stage) -> SFTConfig:
    part, fits = part_of_batch([[example] for example in examples], parameters)
    arguments = SFTConfig(
        **common(parameters, stage, steps_of(len(examples), parameters, parameters.epochs), part),
        num_train_epochs=parameters.epochs,
        learning_rate=parameters.learning_rate,
        gradient_checkpointing=not fits,
        max_length=None,
        remove_unused_columns=False,
    )
    return one_device(arguments)


def _require_window(config: Any, examples: Sequence[TrainingExample]) -> None:
    """Trees attend to all earlier tokens of a row, which is right as long as no layer's window is shorter."""
    window = getattr(config.get_text_config(), "sliding_window", None)
    longest = max(len(example.ids) for example in examples)
    if window is not None and getattr(config, "use_sliding_window", True) and longest > window:
        raise ConfigError(
            f"The longest example has {longest} tokens and this base model attends to {window} at a time: "
            f"set training.max_tokens to {window} or less."
        )
