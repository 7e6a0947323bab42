"""The report of a version as one self-contained web page: pictures inside, every word escaped, no script.

It reads what training and the gate left on disk, and the votes; it measures nothing.
"""

import base64
import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from bot.errors import AdapterError, PublishError
from bot.personas.catalog import Persona
from bot.store import VersionDay
from bot.versions.rebuild_marks import marked
from bot.versions.registry import AdapterRegistry, AdapterVersion, read_manifest, write_atomically
from training.publishing import publish
from training.reporting.charts import daily_approval_chart, loss_chart

TEMPLATES = Path(__file__).parent / "templates"

# What is shown of the figures, in this order. Losses and shares are numbers, probes are counts.
FIGURES = {
    "liked_loss": "loss on held-out liked replies",
    "votes": "prefers held-out likes to dislikes (chance: 50 %)",
    "comparisons": "held-out comparisons: prefers the kept answer",
    "style": "style: likelihood in character over neutral, nats a token",
    "knowledge": "knowledge probes right",
    "instructions": "prohibitions and formats obeyed",
    "claims": "wrong claims contradicted",
    "truths": "true claims confirmed",
    "refusals": "harmful requests: refusing is likelier",
    "preservation_loss": "loss on ordinary questions",
    "degenerate_rate": "degenerate answers",
    "repetition": "repetition within answers",
    "sameness": "answers given twice",
    "words": "words in the median answer",
}
SHARES = frozenset({"degenerate_rate", "repetition", "sameness"})


@dataclass(frozen=True)
class Page:
    html: str
    loss_png: bytes
    approval_png: bytes

    def write(self, folder: Path, name: str) -> list[Path]:
        """`name`.html, `name`-loss.png and `name`-approval.png; their paths. Raises PublishError."""
        files = {f"{name}-loss.png": self.loss_png, f"{name}-approval.png": self.approval_png}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for file, content in files.items():
                (folder / file).write_bytes(content)
        except OSError as error:
            raise PublishError(
                f"{folder} cannot be written: {error.strerror}; give another folder with --out."
            ) from error
        write_atomically(folder / f"{name}.html", self.html)
        return [folder / f"{name}.html", *(folder / file for file in files)]


def build_page(
    registry: AdapterRegistry, persona: Persona, version: AdapterVersion, days: Sequence[VersionDay]
) -> Page:
    """Everything known of a version. Raises AdapterError or PublishError for files that cannot be read."""
    manifest = read_manifest(version.path)
    report = publish.read_report(registry, version)
    history = list(publish.history(registry, persona.name))
    loss = loss_chart(manifest.get("loss_curve") or [])
    approval = daily_approval_chart(days, [(_unix(entry.get("at")), entry["number"]) for entry in history])
    html = (
        _environment()
        .get_template("report.html")
        .render(
            persona=persona,
            version=version,
            manifest=manifest,
            report=report,
            active=registry.active_number(persona.name),
            rows=_rows(report) if report else [],
            samples=(report or {}).get("samples") or [],
            failed=(report or {}).get("failed_probes") or [],
            ingredients=_ingredients(manifest),
            lineage=_lineage(registry, persona.name, days),
            history=history,
            loss_chart=_data_uri(loss),
            approval_chart=_data_uri(approval),
        )
    )
    return Page(html, loss, approval)


def _environment() -> jinja2.Environment:
    """What is shown may be members' words: escape all of it."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        undefined=jinja2.ChainableUndefined,
    )


def _data_uri(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode()


def _rows(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row per figure that any of the three has."""
    figures = report.get("figures") or {}
    columns = [figures.get(name) or {} for name in ("candidate", "active", "base")]
    rows = [
        {"what": what, "cells": [_shown(key, column.get(key)) for column in columns]} for key, what in FIGURES.items()
    ]
    if plain := report.get("plain_knowledge"):
        rows.append({"what": "knowledge, asked without the persona's prompt", "cells": ["–", "–", _shown("", plain)]})
    return [row for row in rows if set(row["cells"]) != {"–"}]


def _shown(key: str, value: Any) -> str:
    match value:
        case {"right": right, "asked": asked}:
            return f"{right} of {asked}"
        case {"share": share, "liked": liked, "disliked": disliked}:
            return f"{share:.0%} of {liked} × {disliked}"
        case {"mean": mean}:
            return f"{mean:+.2f}"
        case None:
            return "–"
        case float() | int():
            return f"{value:.0%}" if key in SHARES else f"{value:.3g}"
    return str(value)


def _ingredients(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = manifest.get("rows") or {}
    settings = manifest.get("hyperparameters") or {}
    libraries = manifest.get("libraries") or {}
    return [
        ("rows", ", ".join(f"{count} {source}" for source, count in rows.items() if count) or "unknown"),
        ("stored replies behind them", str(len(manifest.get("reply_ids") or []))),
        ("dataset", str(manifest.get("dataset_sha256") or "unknown")),
        ("base model", f"{manifest.get('base_model')} ({manifest.get('base_fingerprint')})"),
        ("weights", str(manifest.get("adapter_sha256"))),
        ("methods", " + ".join(manifest.get("methods") or ["unknown"])),
        ("averaged with", _averaged_with(manifest.get("averaged_with") or {})),
        ("settings", ", ".join(f"{name} {value}" for name, value in settings.items())),
        ("seconds", str(manifest.get("seconds", "unknown"))),
        ("libraries", ", ".join(f"{name} {value}" for name, value in libraries.items())),
    ]


def _averaged_with(kept: Mapping[str, Any]) -> str:
    if not kept:
        return "nothing"
    return f"{kept.get('share', 0):.0%} of v{kept.get('number')} (before preferences: {kept.get('start', 0):.0%})"


def _lineage(registry: AdapterRegistry, persona: str, days: Sequence[VersionDay]) -> list[dict[str, Any]]:
    """Every version on disk, newest first."""
    up: dict[int | None, int] = defaultdict(int)
    down: dict[int | None, int] = defaultdict(int)
    for day in days:
        up[day.number] += day.up
        down[day.number] += day.down
    marks, active = marked(registry, persona), registry.active_number(persona)
    lines = []
    for number in reversed(registry.numbers(persona)):
        notes = ["speaks"] if number == active else []
        notes += ["learned from deleted words"] if number in marks else []
        lines.append(
            {**_line(registry, persona, number), "up": up[number], "down": down[number], "note": ", ".join(notes)}
        )
    return lines


def _line(registry: AdapterRegistry, persona: str, number: int) -> dict[str, Any]:
    try:
        version = registry.version(persona, number)
        manifest, report = read_manifest(version.path), publish.read_report(registry, version)
    except (AdapterError, PublishError):
        return {"number": number, "made": "incomplete", "rows": "", "dataset": "", "accepted": None}
    rows = manifest.get("rows") or {}
    return {
        "number": number,
        "made": str(manifest.get("created_at", "?"))[:10],
        "rows": ", ".join(f"{count} {source}" for source, count in rows.items() if count),
        "dataset": str(manifest.get("dataset_sha256", ""))[:12],
        "accepted": report.get("accepted") if report else None,
    }


def _unix(at: Any) -> float:
    try:
        return datetime.datetime.fromisoformat(str(at)).timestamp()
    except ValueError:
        return 0.0
