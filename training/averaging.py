"""Owns the averaging of a newly trained adapter with the version that speaks.

Both were trained from the base model, from the same first weights, and what they have in common outweighs their
difference: the average keeps what the new one learned, and more of what the old one knew than the new one does
(WiSE-FT, Wortsman et al., 2022; for preferences Ramé et al., 2024).
"""

import dataclasses
from dataclasses import dataclass
from typing import Any

import safetensors.torch
import torch

from bot.registry import WEIGHTS, AdapterVersion, read_manifest
from training.recipes.adapter import TrainedAdapter
from training.recipes.loop import Hyperparameters

# Of the version that speaks, where nothing shows that what votes taught holds for other replies: a small step.
KEPT_OF_UNPROVEN = 0.75


@dataclass(frozen=True)
class Kept:
    """How much of which version a new adapter keeps."""

    version: AdapterVersion
    share: float

    def describe(self) -> dict[str, Any]:
        return {"number": self.version.number, "sha256": self.version.sha256, "share": self.share}


def comparable(version: AdapterVersion, base_fingerprint: str, parameters: Hyperparameters) -> bool:
    """Whether the version began with the same weights: another seed, rank or base model has nothing in common."""
    manifest = read_manifest(version.path)
    shape: dict[str, Any] = manifest.get("hyperparameters", {})
    return (manifest.get("base_fingerprint"), manifest.get("seed"), shape.get("rank"), shape.get("alpha")) == (
        base_fingerprint,
        parameters.seed,
        parameters.rank,
        parameters.alpha,
    )


def averaged(trained: TrainedAdapter, kept: Kept) -> TrainedAdapter:
    """`trained` with what it keeps of a comparable version."""
    new = safetensors.torch.load(trained.weights)
    old = safetensors.torch.load_file(kept.version.path / WEIGHTS)
    mixed = {name: torch.lerp(new[name].float(), old[name].float(), kept.share).half() for name in sorted(new)}
    return dataclasses.replace(trained, weights=safetensors.torch.save(mixed, metadata={"format": "pt"}))
