"""Reads an adapter version from disk, checked, as tensors for the slots. Knows nothing of slots."""

import torch

from bot.engine.adapter_checks import AdapterTarget, check_adapter
from bot.engine.projections import LoraShare
from bot.versions.registry import AdapterVersion


def read_adapter(version: AdapterVersion, target: AdapterTarget) -> dict[str, LoraShare]:
    """The adapter's share of each linear layer it changes, by the layer's name in the model.

    Raises AdapterError, as `check_adapter` does.
    """
    return {
        module: LoraShare(torch.from_numpy(share.a), torch.from_numpy(share.b) * share.scaling)
        for module, share in check_adapter(version, target).items()
    }
