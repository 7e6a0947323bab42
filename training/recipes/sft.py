"""Owns supervised fine-tuning: a new LoRA adapter on the base model that imitates examples (TRL's SFTTrainer).

The loss is on completions only, or on all tokens of running text, as the examples' masks say.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import datasets
import torch
from trl import SFTConfig, SFTTrainer

from bot.errors import ConfigError
from bot.prompt import TrainingExample
from training.recipes.adapter import LossPoint, lora
from training.recipes.loop import Hyperparameters, Stage, common, follow, one_device, steps_of
from training.recipes.prefix_tree import plant, target_losses

# What a step holds in memory grows with the nodes of its tree (about 2 MB a node for SmolLM2 in fp32, half of it in
# bf16); this many keep a training on a CPU below 2 GB. Larger batches are accumulated from parts.
FP32_NODES = 320
BF16_NODES = 640


def imitate(
    model: Any,
    base: str,
    tokenizer: Any,
    examples: Sequence[TrainingExample],
    parameters: Hyperparameters,
    stage: Stage,
) -> tuple[Any, list[LossPoint]]:
    """The base model `model`, named `base`, with a new adapter trained on the examples; and its losses."""
    _require_window(model.config, examples)
    trainer = _TreeTrainer(
        Neighbours(examples, parameters),
        model=model,
        args=_arguments(parameters, examples, stage),
        train_dataset=_columns(examples),
        data_collator=_collate,
        processing_class=tokenizer,
        peft_config=lora(parameters.rank, parameters.alpha, base),
    )
    losses = follow(trainer, stage)
    return trainer.model, losses


class _TreeTrainer(SFTTrainer):  # type: ignore[misc] # trl is untyped
    """TRL's trainer with the loss of a prefix tree in place of that of a padded batch."""

    def __init__(self, order: "Neighbours", **options: Any) -> None:
        self._order = order
        super().__init__(**options)

    def _get_train_sampler(self, *_: Any) -> "Neighbours":
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


class Neighbours(torch.utils.data.Sampler[int]):
    """Rows shuffled anew each epoch, and sorted within a batch: its parts share the longest prefixes then."""

    def __init__(self, examples: Sequence[TrainingExample], parameters: Hyperparameters) -> None:
        self._examples = examples
        self._batch = parameters.batch_size
        self._seed = parameters.seed
        self._epoch = 0

    def __len__(self) -> int:
        return len(self._examples)

    def __iter__(self) -> Iterator[int]:
        rows = range(len(self))
        order = random.Random(f"{self._seed} {self._epoch}").sample(rows, len(rows))
        for start in range(0, len(order), self._batch):
            yield from sorted(order[start : start + self._batch], key=lambda row: self._examples[row].ids)

    def set_epoch(self, epoch: int) -> None:
        """The trainer says which epoch begins, also when a killed training goes on."""
        self._epoch = epoch


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
    size = parameters.batch_size
    room = BF16_NODES if parameters.mixed else FP32_NODES
    part, fits = _part_of_batch(examples, size, room) if parameters.on_cpu else (size, True)
    arguments = SFTConfig(
        **common(parameters, stage, steps_of(len(examples), parameters, parameters.epochs), part),
        num_train_epochs=parameters.epochs,
        learning_rate=parameters.learning_rate,
        gradient_checkpointing=not fits,
        max_length=None,
        remove_unused_columns=False,
    )
    return one_device(arguments)


def _part_of_batch(examples: Sequence[TrainingExample], batch_size: int, room: int) -> tuple[int, bool]:
    """Rows per forward pass, a divisor of the batch, and whether the largest such part fits into `room` nodes."""
    longest = sorted(examples, key=lambda example: len(example.ids), reverse=True)
    for part in range(batch_size, 0, -1):
        if batch_size % part == 0 and plant(longest[:part]).nodes <= room:
            return part, True
    return 1, False


def _require_window(config: Any, examples: Sequence[TrainingExample]) -> None:
    """Trees attend to all earlier tokens of a row, which is right as long as no layer's window is shorter."""
    window = getattr(config.get_text_config(), "sliding_window", None)
    longest = max(len(example.ids) for example in examples)
    if window is not None and getattr(config, "use_sliding_window", True) and longest > window:
        raise ConfigError(
            f"The longest example has {longest} tokens and this base model attends to {window} at a time: "
            f"set training.max_tokens to {window} or less."
        )
