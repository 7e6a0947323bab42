"""How much a newly trained adapter keeps of the version that speaks: as little as keeps what that one knows.

Both were trained from the base model, from the same first weights, and what they have in common outweighs their
difference: their average keeps what the new one learned, and more of what the old one knew than the new one does
(WiSE-FT, Wortsman et al., 2022; for preferences Ramé et al., 2024). How much is enough differs from training to
training, so several averages are asked what they know, side by side in one batch.
"""

import asyncio
import dataclasses
import gc
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

from bot.versions.registry import WEIGHTS, AdapterRegistry, AdapterVersion, read_manifest
from training.judging.inquiry import answer_memory, ask_all, probe_question
from training.judging.measuring import EvalQuestion, OnProgress
from training.judging.metrics import passed
from training.judging.persona_setup import PersonaSetup
from training.judging.probes import Topic, chosen_probes
from training.publishing import publish
from training.recipes.adapter import Blend, TrainedAdapter
from training.recipes.loop import Hyperparameters

# Shares of the version that speaks which are tried, where preferences were learned or votes proved something.
SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
# The share where nothing shows that what votes taught holds for other replies: a small step away from it.
SHARE_OF_UNPROVEN = 0.75


@dataclass(frozen=True)
class Kept:
    """What a new adapter keeps of `version`.

    `start`: its share in what SFT made, from which preferences are learned. `shares`: those tried at the end.
    """

    version: AdapterVersion
    start: float
    shares: tuple[float, ...]

    @property
    def blend(self) -> Blend | None:
        return Blend(self.version.path / WEIGHTS, self.start) if self.start else None

    def describe(self) -> dict[str, Any]:
        return {"number": self.version.number, "sha256": self.version.sha256, "start": self.start}


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


def averaged(trained: TrainedAdapter, version: AdapterVersion, share: float) -> TrainedAdapter:
    """`trained` with a share of a comparable version."""
    new = safetensors.torch.load(trained.weights)
    old = safetensors.torch.load_file(version.path / WEIGHTS)
    mixed = {name: torch.lerp(new[name].float(), old[name].float(), share).half() for name in sorted(new)}
    return dataclasses.replace(trained, weights=safetensors.torch.save(mixed, metadata={"format": "pt"}))


def least_that_knows(known: Sequence[int], needed: int) -> int:
    """The first place that knows enough; the one that knows most where none does."""
    return next((place for place, count in enumerate(known) if count >= needed), known.index(max(known)))


@dataclass(frozen=True)
class Averaging:
    """Averages a new adapter of one persona with the version that speaks."""

    setup: PersonaSetup

    def average(
        self, trained: TrainedAdapter, kept: Kept, folder: Path, on_progress: OnProgress
    ) -> tuple[TrainedAdapter, dict[str, Any]]:
        """The average, and what to note about it: its share of the version, and what share of the probes that knew.

        Its standard is the most that the version, or one of those that it was itself averaged with, knew: what is
        allowed to get lost must not be lost anew with every round. `folder` is for files of this training.
        """
        averages = [averaged(trained, kept.version, share) for share in kept.shares]
        if len(averages) == 1:
            return averages[0], {"share": kept.shares[0]}
        on_disk = [self._written(average, folder) for average in averages]
        before, *known = self._known([kept.version, *on_disk], on_progress)
        asked = len(self._probes())
        inherited = float(read_manifest(kept.version.path).get("averaged_with", {}).get("knew", 0.0))
        knew = max(inherited, before / asked if asked else 0.0)
        # Rounded, for a share of a count to be that count again.
        needed = math.ceil(round(self.setup.config.gate.min_knowledge_kept * knew * asked, 6))
        place = least_that_knows(known, needed)
        return averages[place], {"share": kept.shares[place], "knew": round(knew, 4)}

    def _written(self, average: TrainedAdapter, folder: Path) -> AdapterVersion:
        """In a registry of its own, for the engine to load; none of these ever speaks."""
        name = self.setup.persona.name
        (folder / "averages" / name).mkdir(parents=True, exist_ok=True)
        lineage = {"base_fingerprint": self.setup.files.fingerprint}
        return publish.publish(AdapterRegistry(folder / "averages"), name, average, lineage, reuse=True)

    def _known(self, versions: Sequence[AdapterVersion], on_progress: OnProgress) -> list[int]:
        """How many knowledge probes each answers right."""
        gc.collect()  # a trainer and its model refer to each other; the engine needs the room
        questions = self._probes()
        memory = answer_memory(self.setup, f"{self.setup.persona.name}-averages")
        answers = asyncio.run(ask_all(self.setup, dict.fromkeys(versions, questions), memory, on_progress))
        results = [passed(answers[version], Topic.KNOWLEDGE) for version in versions]
        return [len(result.right) if result else 0 for result in results]

    def _probes(self) -> list[EvalQuestion]:
        probes = chosen_probes(self.setup.config.gate.probes)
        return [probe_question(self.setup, probe) for probe in probes if probe.topic is Topic.KNOWLEDGE]
