"""Owns what an evaluation leaves behind: the report of a version, as plain data."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.engine.base_model import BaseModelFiles
from bot.registry import AdapterVersion
from training.evaluate import Answer, Version
from training.gate import Figures, Thresholds, Verdict


@dataclass(frozen=True)
class Measurement:
    """Everything measured in one evaluation. `answers` holds the candidate's and its rival's."""

    losses: Mapping[Version, Mapping[str, float | None]]
    answers: Mapping[Version, Sequence[Answer]]
    heldout: Mapping[str, int]  # rows per held-out set

    def figures(self, version: Version) -> Figures:
        answers = self.answers.get(version, ())
        preservation = self.losses[version]["preservation"]
        return Figures(
            liked_loss=self.losses[version]["liked"],
            preservation_loss=math.inf if preservation is None else preservation,
            answers=len(answers),
            degenerate=sum(answer.flaw is not None for answer in answers),
        )


def describe(
    candidate: AdapterVersion,
    active: AdapterVersion | None,
    files: BaseModelFiles,
    measured: Measurement,
    verdict: Verdict,
    thresholds: Thresholds,
) -> dict[str, Any]:
    """The report of `candidate`, ready for JSON. `compared_with` is None where the base model was the rival."""
    return {
        "persona": candidate.persona,
        "number": candidate.number,
        "adapter_sha256": candidate.sha256,
        "base_model": files.name,
        "base_fingerprint": files.fingerprint,
        "compared_with": active.number if active else None,
        "accepted": verdict.accepted,
        "reasons": list(verdict.reasons),
        "refusals": list(verdict.refusals),
        "figures": {
            "candidate": _plain(measured.figures(candidate)),
            "active": _plain(measured.figures(active)) if active else None,
            "base": _plain(measured.figures(None)),
        },
        "thresholds": dataclasses.asdict(thresholds),
        "heldout": dict(measured.heldout),
        "samples": _samples(measured.answers[candidate], measured.answers[active]),
    }


def _plain(figures: Figures) -> dict[str, Any]:
    """JSON has no infinity: a loss that is no number is null."""
    values = {**dataclasses.asdict(figures), "degenerate_rate": figures.degenerate_rate}
    return {
        name: (round(value, 4) if math.isfinite(value) else None) if isinstance(value, float) else value
        for name, value in values.items()
    }


def _samples(after: Sequence[Answer], before: Sequence[Answer]) -> list[dict[str, str | None]]:
    return [
        {"prompt": new.prompt, "before": old.text, "after": new.text, "flaw": new.flaw}
        for new, old in zip(after, before, strict=True)
    ]
