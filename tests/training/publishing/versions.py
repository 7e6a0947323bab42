"""Versions of a parrot, published and judged in a moment: their weights are no weights."""

from bot.versions.registry import AdapterRegistry, AdapterVersion
from training.publishing import publish
from training.recipes.adapter import LossPoint, TrainedAdapter


def trained(weights: bytes = b"weights") -> TrainedAdapter:
    return TrainedAdapter(weights, {"peft_type": "LORA"}, (LossPoint(1, 0.5, 2.0),), 1.0)


def add(registry: AdapterRegistry, weights: bytes = b"weights", base: str = "base") -> AdapterVersion:
    return publish.publish(registry, "parrot", trained(weights), {"base_fingerprint": base, "reply_ids": [3]})


def accept(registry: AdapterRegistry, version: AdapterVersion, accepted: bool = True, **changes: object) -> None:
    report = {"adapter_sha256": version.sha256, "accepted": accepted, "refusals": ["it loops"], **changes}
    publish.write_report(registry, version, report)
