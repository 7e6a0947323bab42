"""Commands about what a training sees: `dataset`."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from bot.errors import DatasetError
from training.cli.options import ConfigOption, JsonOption, PersonaArgument
from training.cli.output import show
from training.cli.setup import open_workshop

if TYPE_CHECKING:
    from training.dataset import Dataset


def dataset(
    persona: PersonaArgument,
    out: Annotated[
        Path | None, typer.Option("--out", help="Also write the rows to this JSONL file. It holds members' words.")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show what a training of PERSONA would see: rows kept and dropped, with reasons, and the content hash."""
    workshop = open_workshop(config, persona)
    built = workshop.dataset()
    if out is not None:
        _write_rows(built, out)
    show(as_json, dataset_facts(built), dataset_table(built))


def dataset_facts(built: "Dataset") -> dict[str, Any]:
    return {
        "persona": built.persona,
        "sha256": built.sha256,
        "rows": len(built.rows),
        "heldout": len(built.heldout),
        "kept": {source.value: count for source, count in built.kept.items()},
        "dropped": [
            {"source": source.value, "reason": reason, "rows": count}
            for (source, reason), count in sorted(built.dropped.items())
        ],
    }


def dataset_table(built: "Dataset") -> Table:
    from training.sources import Source

    held = Counter(row.source for row in built.heldout)
    table = Table(title=f"{built.persona}: {len(built.rows)} rows, dataset {built.sha256[:12]}", title_justify="left")
    for column, justify in (("source", "left"), ("train", "right"), ("held out", "right"), ("dropped", "left")):
        table.add_column(column, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for source in Source:
        reasons = [f"{count} × {why}" for (origin, why), count in sorted(built.dropped.items()) if origin is source]
        table.add_row(source.value, str(built.kept[source]), str(held[source]), "\n".join(reasons))
    return table


def _write_rows(built: "Dataset", out: Path) -> None:
    from training.dataset import canonical_json

    try:
        out.write_text("".join(canonical_json(row) + "\n" for row in built.rows), encoding="utf-8")
    except OSError as error:
        raise DatasetError(f"--out {out}: cannot be written: {error.strerror}.") from None
