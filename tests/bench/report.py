"""Timings as a table for people and as a file for charts."""

import dataclasses
import json
from pathlib import Path

from rich.table import Table

from tests.bench.work import Timing, better

OURS = "troupe"


def table_of(timings: list[Timing]) -> Table:
    table = Table(title="8 questions × 64 tokens, greedy, submitted at once")
    table.add_column("case")
    table.add_column("served by")
    table.add_column("tokens/s", justify="right")
    table.add_column("last first token", justify="right")
    table.add_column("Troupe is", justify="right")
    for case in dict.fromkeys(timing.case for timing in timings):
        for timing in (t for t in timings if t.case == case):
            ratio = times_faster(timings, timing)
            table.add_row(
                case,
                timing.server,
                f"{timing.tokens_per_s:.1f}",
                f"{timing.last_first_token_s:.2f} s",
                "" if ratio is None else f"× {ratio:.1f}",
            )
        table.add_section()
    return table


def times_faster(timings: list[Timing], peer: Timing) -> float | None:
    """Our tokens/s over the peer's in the same case; None for ourselves, and where we did not run."""
    own = [t for t in timings if t.server.startswith(OURS) and t.case == peer.case]
    if peer.server.startswith(OURS) or not own:
        return None
    return own[0].tokens_per_s / peer.tokens_per_s


def write_results(file: Path, machine: dict[str, object], setting: dict[str, object], timings: list[Timing]) -> None:
    """`best` is what the table shows; `runs` is everything that was measured."""
    results = {"machine": machine, "setting": setting, "best": _rows(better(timings)), "runs": _rows(timings)}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def _rows(timings: list[Timing]) -> list[dict[str, object]]:
    return [{**dataclasses.asdict(t), "tokens_per_s": round(t.tokens_per_s, 1)} for t in timings]
