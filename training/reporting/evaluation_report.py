"""What an evaluation leaves behind: the report of a version, as plain data."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from bot.engine.base_model import BaseModelFiles
from bot.versions.registry import AdapterVersion
from training.judging.evaluation import Measurement
from training.judging.gate import Thresholds, Verdict
from training.judging.measuring import Answer
from training.judging.metrics import Margins, Metrics, Passed, Preference


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
        "unmeasured": list(verdict.unmeasured),
        "figures": {
            "candidate": _as_json(measured.metrics[candidate]),
            "active": _as_json(measured.metrics[active]) if active else None,
            "base": _as_json(measured.metrics[None]),
        },
        "thresholds": dataclasses.asdict(thresholds),
        "heldout": dict(measured.heldout),
        "plain_knowledge": _counts(measured.plain_knowledge),
        "samples": _samples(measured.answers[candidate], measured.answers[active]),
        "failed_probes": _failed(measured.answers[candidate]),
    }


def _as_json(metrics: Metrics) -> dict[str, Any]:
    values = {field.name: getattr(metrics, field.name) for field in dataclasses.fields(metrics)}
    return {name: _number(value) for name, value in {**values, "degenerate_rate": metrics.degenerate_rate}.items()}


def _number(value: Any) -> Any:
    """JSON has no infinity: a loss that is no number is null."""
    if isinstance(value, Passed):
        return _counts(value)
    if isinstance(value, Margins):
        return {"mean": round(value.mean, 4), "prompts": len(value.by_prompt)}
    if isinstance(value, Preference):
        return {"share": round(value.share, 4), "liked": value.liked, "disliked": value.disliked}
    return (round(value, 4) if math.isfinite(value) else None) if isinstance(value, float) else value


def _counts(passed: Passed | None) -> dict[str, int] | None:
    return {"right": len(passed.right), "asked": passed.asked} if passed else None


def _samples(after: Sequence[Answer], before: Sequence[Answer]) -> list[dict[str, str | None]]:
    """The answers to held-out prompts, which come before those to probes."""
    free = [answer for answer in after if answer.probe is None]
    return [
        {"prompt": new.prompt, "before": old.text, "after": new.text, "flaw": new.flaw}
        for new, old in zip(free, before, strict=False)
    ]


def _failed(answers: Sequence[Answer]) -> list[dict[str, str]]:
    """The probes that the candidate did wrong, for whoever wonders about a figure."""
    return [
        {"topic": answer.probe.topic.value, "prompt": answer.prompt, "answer": answer.text}
        for answer in answers
        if answer.probe is not None and not answer.probe.passes(answer.text)
    ]
