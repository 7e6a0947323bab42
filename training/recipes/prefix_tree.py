"""Batches in which rows share their common prefixes, so that a system prompt is computed once, not once a row.

The rows of a batch become one sequence that holds each distinct prefix once; a token attends to its own row's
earlier tokens alone (tree attention, as in SpecInfer, Miao et al., 2023, here for training). Loss and gradients equal
those of the padded batch. Chat rows are mostly prompt, so a batch of eight is about half as long.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from bot.prompt import TrainingExample


@dataclass(frozen=True)
class PrefixTree:
    """One batch. A node is one distinct prefix of a row; a target is one token to learn.

    `inputs` are the model's keyword arguments: input_ids and position_ids int64 [1, nodes], attention_mask
    bool [1, 1, nodes, nodes], logits_to_keep int64 [targets]: the node whose output predicts each target.
    """

    inputs: Mapping[str, torch.Tensor]
    targets: torch.Tensor  # int64 [targets]: token ids
    rows: torch.Tensor  # int64 [targets]: which row of the batch a target belongs to

    @property
    def nodes(self) -> int:
        return self.inputs["input_ids"].shape[1]


def plant(examples: Sequence[TrainingExample]) -> PrefixTree:
    """The tree of a batch of rows. The first token of a row is never a target: nothing predicts it."""
    tokens: list[int] = []
    depths: list[int] = []
    ancestors: list[int] = []
    known: dict[tuple[int, int], int] = {}
    learned: list[tuple[int, int, int]] = []
    for row, example in enumerate(examples):
        node = -1
        for depth, (token, learn) in enumerate(zip(example.ids, example.loss_mask, strict=True)):
            if learn and node >= 0:
                learned.append((node, token, row))
            parent, node = node, known.setdefault((node, token), len(tokens))
            if node == len(tokens):
                tokens.append(token)
                depths.append(depth)
                ancestors.append(parent)
    parents, targets, rows = torch.tensor(learned, dtype=torch.int64).reshape(-1, 3).T.contiguous()
    inputs = {
        "input_ids": torch.tensor([tokens]),
        "position_ids": torch.tensor([depths]),
        "attention_mask": _attends(ancestors),
        "logits_to_keep": parents,
    }
    return PrefixTree(inputs, targets, rows)


def _attends(ancestors: Sequence[int]) -> torch.Tensor:
    """Each node sees itself and whatever its parent sees; parents come before their children."""
    mask = torch.eye(len(ancestors), dtype=torch.bool)
    for node, parent in enumerate(ancestors):
        if parent >= 0:
            mask[node] |= mask[parent]
    return mask[None, None]


def target_losses(model: torch.nn.Module, inputs: Mapping[str, torch.Tensor], targets: torch.Tensor) -> torch.Tensor:
    """Negative log-likelihood of each target, in nats: float32 [targets]. Only targets pass the output layer."""
    logits = model(**inputs, use_cache=False).logits[0]
    return torch.nn.functional.cross_entropy(logits.float(), targets, reduction="none")


def row_sums(losses: torch.Tensor, rows: torch.Tensor, count: int) -> torch.Tensor:
    """The losses of targets, summed for each of `count` rows: float32 [count]."""
    return torch.zeros(count, device=losses.device).index_add(0, rows, losses)
