"""What the gate said of a version, in `reports/<n>.json` beside the versions; `training` writes it."""

import json

from bot.versions.registry import AdapterRegistry, AdapterVersion


def was_refused(registry: AdapterRegistry, version: AdapterVersion) -> bool:
    """Whether the gate refused exactly these weights; a version that was not judged was not refused."""
    file = registry.folder / version.persona / "reports" / f"{version.number}.json"
    try:
        report = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    judged = isinstance(report, dict) and report.get("adapter_sha256") == version.sha256
    return judged and report.get("accepted") is False
