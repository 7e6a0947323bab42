"""The command `import`: other people's formats become a persona's examples."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from bot.config import load_config
from bot.personas.catalog import Pair, PersonaCatalog
from training.cli.options import ConfigOption, JsonOption, PersonaArgument
from training.cli.output import show

if TYPE_CHECKING:
    from training.importing.importer import Import

SHOWN_ROWS, SHOWN_EXAMPLES, SHOWN_CHARACTERS = 20, 3, 100


def import_examples(
    persona: PersonaArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSONL, CSV, or a script with lines like NAME: text.")],
    given: Annotated[
        Literal["jsonl", "csv", "script"] | None,
        typer.Option("--format", help="By default, its name and content tell."),
    ] = None,
    mode: Annotated[
        Literal["pairs", "chunks"],
        typer.Option("--mode", help="For a script: take exchanges that --speaker answers, or running text."),
    ] = "pairs",
    speaker: Annotated[str | None, typer.Option("--speaker", help="Of a script: whose lines to learn.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write to this file instead of the persona's examples.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be taken, but write nothing.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Read FILE, show what is taken and what is skipped and why, and add it to PERSONA's examples.

    Pairs go to examples.jsonl, running text to texts.jsonl, in adapters/PERSONA/.
    """
    from training.importing.importer import read_import, write_import

    catalog = PersonaCatalog(load_config(config).adapters_dir)
    folder = catalog.folder / catalog.get(persona).name
    result = read_import(catalog, persona, file, given=given, mode=mode, speaker=speaker)
    written = [] if dry_run else write_import(result, folder, out)
    show(as_json, _facts(result, written), _text(result, written))


def _facts(result: "Import", written: list[tuple[Path, int]]) -> dict[str, Any]:
    return {
        "file": str(result.file),
        "format": result.format,
        "encoding": result.encoding,
        "taken": len(result.taken),
        "pairs": len(result.pairs),
        "with_history": sum(bool(pair.history) for pair in result.pairs),
        "texts": len(result.texts),
        "skipped": [{"line": skipped.line, "reason": skipped.reason} for skipped in result.skipped],
        "written": [{"file": str(path), "rows": rows} for path, rows in written],
    }


def _text(result: "Import", written: list[tuple[Path, int]]) -> str:
    longer = sum(bool(pair.history) for pair in result.pairs)
    lines = [
        f"{result.file}: read as {result.format} in {result.encoding}. Taken: {len(result.pairs)} pairs ({longer} with "
        f"earlier turns), {len(result.texts)} texts. Skipped: {len(result.skipped)} rows."
    ]
    lines += [f"  line {found.line}: {_shown(found.example)}" for found in result.taken[:SHOWN_EXAMPLES]]
    if result.skipped:
        lines.append("Skipped:")
    lines += [f"  line {skipped.line}: {skipped.reason}" for skipped in result.skipped[:SHOWN_ROWS]]
    if (more := len(result.skipped) - SHOWN_ROWS) > 0:
        lines.append(f"  … and {more} more (--json lists them all)")
    lines += [f"{rows} rows were added to {path}." for path, rows in written] or ["Nothing was written (--dry-run)."]
    return "\n".join(lines)


def _shown(example: Pair | str) -> str:
    if isinstance(example, str):
        return _short(example)
    return f"{_short(example.prompt)} → {_short(example.completion)}"


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= SHOWN_CHARACTERS else f"{flat[:SHOWN_CHARACTERS]}…"
