"""The figures that each part of the bench measured, and the file they are kept in."""

import dataclasses
import datetime
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from benchmarks.serving.child import read
from benchmarks.serving.work import Figure, Measured, Timing, better


@dataclass
class Results:
    """`setting` is what the figures were measured with; a part that is measured again replaces its old figures."""

    machine: dict[str, Any]
    setting: dict[str, Any]
    parts: dict[str, list[Measured]] = field(default_factory=dict)
    circumstances: dict[str, dict[str, Any]] = field(default_factory=dict)  # per part: when, at which load

    def put(self, part: str, measured: Iterable[Measured], load_before: float) -> None:
        self.parts[part] = list(measured)
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        self.circumstances[part] = {"measured_at": now, "load_before": load_before}

    @property
    def timings(self) -> list[Timing]:
        """The best run of each case by each server."""
        return better([m for part in self.parts.values() for m in part if isinstance(m, Timing)])

    def timing(self, server: str, case: str) -> Timing | None:
        return next((t for t in self.timings if (t.server, t.case) == (server, case)), None)

    def figure(self, name: str) -> float | None:
        figures = (m for part in self.parts.values() for m in part if isinstance(m, Figure))
        return next((figure.value for figure in figures if figure.name == name), None)

    def write(self, file: Path, **more: Any) -> None:
        """`more` is for readers of the file; `read` leaves it out."""
        rows = {part: [_row(measured) for measured in found] for part, found in self.parts.items()}
        found = {"machine": self.machine, "setting": self.setting, "circumstances": self.circumstances, "parts": rows}
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(found | more, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, file: Path) -> Self | None:
        """None for a file that another version of the bench wrote: its figures cannot stand beside new ones."""
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            parts = {part: [_measured(row) for row in rows] for part, rows in found["parts"].items()}
            return cls(found["machine"], found["setting"], parts, found["circumstances"])
        except (ValueError, KeyError, TypeError, AttributeError):
            return None


def load() -> float:
    """Processes that wanted to run during the last minute."""
    return round(os.getloadavg()[0], 1)


def _row(measured: Measured) -> dict[str, Any]:
    row = dataclasses.asdict(measured)
    return row | {"tokens_per_s": round(measured.tokens_per_s, 1)} if isinstance(measured, Timing) else row


def _measured(row: dict[str, Any]) -> Measured:
    return read({key: value for key, value in row.items() if key != "tokens_per_s"})
