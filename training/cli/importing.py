"""The command `import`: other people's formats become a persona's examples."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.config import Config, load_config
from bot.errors import BaseModelError
from bot.personas.catalog import Pair, PersonaCatalog
from training.cli.options import ConfigOption, JsonOption, PersonaArgument
from training.cli.output import show
from training.importing.request import FormatName, ImportRequest, Mode

if TYPE_CHECKING:
    from training.importing.importer import Import

SHOWN_ROWS, SHOWN_EXAMPLES, SHOWN_CHARACTERS, SHOWN_REASONS = 20, 3, 100, 10


@dataclass(frozen=True)
class Reading:
    """The options that say how FILE is read."""

    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="JSON, CSV, a chat's export, a log, a script; or its zip or folder.")
    ]
    format: Annotated[FormatName | None, typer.Option("--format", help="Default: by its content and name.")] = None
    mode: Annotated[
        Mode | None,
        typer.Option("--mode", help="Of chats and scripts: exchanges in which --speaker answers, or running text."),
    ] = None
    speaker: Annotated[str | None, typer.Option("--speaker", help="Who the persona is in a chat or a script.")] = None
    encoding: Annotated[
        str | None, typer.Option("--encoding", help="As cp1251 or shift_jis; default: by the file's bytes.")
    ] = None


def _with_reading(command: Callable[..., None]) -> Callable[..., None]:
    """The command with Reading's fields as arguments and options of its own, in place of its parameter `reading`."""
    own = list(inspect.signature(command).parameters.values())
    fields = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in inspect.signature(Reading).parameters.values()
    ]

    @functools.wraps(command)
    def called(**values: Any) -> None:
        reading = Reading(**{field.name: values.pop(field.name) for field in fields})
        command(reading=reading, **values)

    parameters = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own if one.name != "reading"]
    called.__signature__ = inspect.Signature([parameters[0], *fields, *parameters[1:]])  # type: ignore[attr-defined]
    called.__annotations__ = {one.name: one.annotation for one in [*parameters, *fields]}
    return called


@_with_reading
def import_examples(
    persona: PersonaArgument,
    reading: Reading,
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
    from training.importing.preview import as_the_model_sees

    settings = load_config(config)
    catalog = PersonaCatalog(settings.adapters_dir)
    folder = catalog.folder / catalog.get(persona).name
    request = ImportRequest(reading.file, reading.format, reading.mode, reading.speaker, reading.encoding)
    result = read_import(catalog, persona, request)
    written = [] if dry_run else write_import(result, folder, out)
    first = [found.example for found in result.taken[:SHOWN_EXAMPLES]] if dry_run else []
    tokenizer = _tokenizer(settings) if first else None
    seen = [as_the_model_sees(example, catalog.get(persona).system_prompt, tokenizer) for example in first]
    show(as_json, {**_facts(result, written), **({"seen": seen} if dry_run else {})}, _text(result, written, seen))


def _tokenizer(settings: Config) -> Any | None:
    """The base model's, if that needs neither converting nor downloading."""
    from bot.engine.base_model import BaseModelFiles, load_tokenizer, local_folder

    folder = local_folder(settings.model.base, settings.cache_dir)
    if folder is None:
        return None
    try:
        return load_tokenizer(BaseModelFiles(settings.model.base, folder, ""))
    except BaseModelError:
        return None


def _facts(result: "Import", written: list[tuple[Path, int]]) -> dict[str, Any]:
    return {
        "file": str(result.file),
        "format": result.format,
        "encoding": result.encoding,
        "taken": len(result.taken),
        "pairs": len(result.pairs),
        "with_history": sum(bool(pair.history) for pair in result.pairs),
        "texts": len(result.texts),
        "rejected": result.rejected,
        "left_out": dict(result.left_out),
        "skipped": [{"line": skipped.line, "reason": skipped.reason} for skipped in result.skipped],
        "written": [{"file": str(path), "rows": rows} for path, rows in written],
    }


def _text(result: "Import", written: list[tuple[Path, int]], seen: list[str]) -> str:
    from training.importing.found import plural

    longer = sum(bool(pair.history) for pair in result.pairs)
    lines = [
        f"{result.file}: read as {result.format} in {result.encoding}. Taken: {plural(len(result.pairs), 'pair')} "
        f"({longer} with earlier turns), {plural(len(result.texts), 'text')}. Skipped: "
        f"{plural(len(result.skipped), 'row')}."
    ]
    lines += [f"  line {found.line}: {_shown(found.example)}" for found in result.taken[:SHOWN_EXAMPLES]]
    if result.left_out:
        counts = ", ".join(f"{what} ({count})" for what, count in result.left_out.most_common())
        lines.append(f"Left out of what was taken: {counts}.")
    if result.rejected:
        lines.append(f"{plural(result.rejected, 'rejected answer')}: never learned as good ones.")
    lines += _skipped(result)
    for place, text in enumerate(seen, 1):
        lines.append(f"--- Example {place}, as the model sees it:\n{text}")
    lines += [f"{plural(rows, 'row')} written to {path}." for path, rows in written] or [
        "Nothing was written (--dry-run)."
    ]
    return "\n".join(lines)


def _skipped(result: "Import") -> list[str]:
    """The first rows that were skipped, and of many how often for each reason."""
    if not result.skipped:
        return []
    lines = ["Skipped:"]
    lines += [f"  line {skipped.line}: {skipped.reason}" for skipped in result.skipped[:SHOWN_ROWS]]
    if (more := len(result.skipped) - SHOWN_ROWS) > 0:
        lines.append(f"  … and {more:,} more (--json lists them all); of all of them:")
        lines += [f"  {count:,} × {reason}" for reason, count in result.reasons.most_common(SHOWN_REASONS)]
    return lines


def _shown(example: Pair | str) -> str:
    if isinstance(example, str):
        return _short(example)
    return f"{_short(example.prompt)} → {_short(example.completion)}"


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= SHOWN_CHARACTERS else f"{flat[:SHOWN_CHARACTERS]}…"
