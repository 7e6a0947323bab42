"""Which rows meet in a batch of trees: their order in an epoch, and how many parts a batch needs to fit into memory."""

import random
from collections.abc import Iterator, Sequence

import torch

from bot.prompt import TrainingExample
from training.recipes.loop import Hyperparameters
from training.recipes.prefix_tree import plant

# What a step holds in memory grows with the nodes of its tree (about 2 MB a node for SmolLM2 in fp32, half of it in
# bf16); with this many a training on a CPU stays at about 2 GB. Larger batches are accumulated from parts.
FP32_NODES = 320
BF16_NODES = 640

Group = Sequence[TrainingExample]  # rows that are learned together: one, or the two of a pair


class Neighbours(torch.utils.data.Sampler[int]):
    """Groups shuffled anew each epoch, and sorted within a batch: its parts share the longest prefixes then."""

    def __init__(self, groups: Sequence[Group], parameters: Hyperparameters) -> None:
        self._groups = groups
        self._batch = parameters.batch_size
        self._seed = parameters.seed
        self._epoch = 0

    def __len__(self) -> int:
        return len(self._groups)

    def __iter__(self) -> Iterator[int]:
        places = range(len(self))
        order = random.Random(f"{self._seed} {self._epoch}").sample(places, len(places))
        for start in range(0, len(order), self._batch):
            yield from sorted(order[start : start + self._batch], key=lambda place: self._groups[place][0].ids)

    def set_epoch(self, epoch: int) -> None:
        """The trainer says which epoch begins, also when a killed training goes on."""
        self._epoch = epoch


def part_of_batch(groups: Sequence[Group], parameters: Hyperparameters) -> tuple[int, bool]:
    """Groups per forward pass, a divisor of the batch, and whether the largest such part fits into memory."""
    if not parameters.on_cpu:
        return parameters.batch_size, True
    room = BF16_NODES if parameters.mixed else FP32_NODES
    longest = sorted(groups, key=lambda group: sum(len(example.ids) for example in group), reverse=True)
    for part in range(parameters.batch_size, 0, -1):
        rows = [example for group in longest[:part] for example in group]
        if parameters.batch_size % part == 0 and plant(rows).nodes <= room:
            return part, True
    return 1, False
