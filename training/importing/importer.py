"""Owns what an import takes: the choice of reader, the checks on what it found, and writing it beside a persona."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bot.errors import DatasetError, PublishError
from bot.personas.catalog import Pair, PersonaCatalog
from bot.versions.registry import write_atomically
from training.dataset.answer_quality import Flaw, flaw_of
from training.dataset.near_duplicates import normal
from training.dataset.personal_data import scrub
from training.importing.found import Found, Skipped
from training.importing.json_lines import read_json
from training.importing.reading import SourceText, read_source
from training.importing.scripts import looks_like_script, read_chunks, read_exchanges, speakers
from training.importing.tables import read_table

Format = Literal["jsonl", "csv", "script"]
Mode = Literal["pairs", "chunks"]
Key = tuple[str, ...]

SUFFIXES: dict[str, Format] = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".csv": "csv", ".tsv": "csv"}
LONGEST_TEXT = 8_000  # characters: far above what any training.max_tokens takes
_CONTROL = dict.fromkeys(set(range(32)) - {9, 10} | {127})


@dataclass(frozen=True)
class Import:
    """What one file gives: the examples that are taken and the rows that are not, in the file's order."""

    file: Path
    format: Format
    encoding: str
    taken: tuple[Found, ...]
    skipped: tuple[Skipped, ...]

    @property
    def pairs(self) -> list[Pair]:
        return [found.example for found in self.taken if isinstance(found.example, Pair)]

    @property
    def texts(self) -> list[str]:
        return [found.example for found in self.taken if isinstance(found.example, str)]


def read_import(
    catalog: PersonaCatalog,
    persona: str,
    file: Path,
    *,
    given: Format | None = None,
    mode: Mode = "pairs",
    speaker: str | None = None,
) -> Import:
    """What `file` holds for the persona. Raises DatasetError, with counts and reasons, when none of it can be used."""
    earlier: list[Pair | str] = [*catalog.examples(persona), *catalog.texts(persona)]
    known = {_key(example): "is there already" for example in earlier}
    held_out = frozenset(map(normal, catalog.heldout_prompts(persona)))
    source = read_source(file)
    kind = given or _format(file, source)
    taken: list[Found] = []
    skipped: list[Skipped] = []
    for one in _read(source, kind, mode, speaker):
        checked = _checked(one, known, held_out) if isinstance(one, Found) else one
        if isinstance(checked, Found):
            known[_key(checked.example)] = f"says the same as line {checked.line}"
            taken.append(checked)
        else:
            skipped.append(checked)
    result = Import(file, kind, source.encoding, tuple(taken), tuple(skipped))
    if not taken:
        raise DatasetError(_nothing(result))
    return result


def write_import(result: Import, folder: Path, out: Path | None = None) -> list[tuple[Path, int]]:
    """Add the examples to the persona's files in `folder`, or write them to `out`; the files and their new rows.

    Each file is replaced at once or not at all. Raises DatasetError when it cannot be written.
    """
    rows = [_row(found.example) for found in result.taken]
    if out is not None:
        _replace(out, rows, b"")
        return [(out, len(rows))]
    written = []
    for name, kind in (("examples.jsonl", Pair), ("texts.jsonl", str)):
        chosen = [_row(found.example) for found in result.taken if isinstance(found.example, kind)]
        if chosen:
            path = folder / name
            _replace(path, chosen, path.read_bytes() if path.exists() else b"")
            written.append((path, len(chosen)))
    return written


def _format(file: Path, source: SourceText) -> Format:
    if (known := SUFFIXES.get(file.suffix.casefold())) is not None:
        return known
    if source.text.lstrip()[:1] in ("{", "["):
        return "jsonl"
    return "script" if looks_like_script(source) else "csv"


def _read(source: SourceText, kind: Format, mode: Mode, speaker: str | None) -> Iterable[Found | Skipped]:
    if kind == "jsonl":
        return read_json(source)
    if kind == "csv":
        return read_table(source)
    if mode == "chunks":
        return read_chunks(source)
    if speaker is None:
        listed = ", ".join(f"{name} ({count})" for name, count in speakers(source)[:10])
        raise DatasetError(
            f"Choose whose lines the persona learns with --speaker NAME; this script has {listed or 'no speakers'}. "
            "Or import it as running text with --mode chunks."
        )
    return read_exchanges(source, speaker)


def _checked(found: Found, known: dict[Key, str], held_out: frozenset[str]) -> Found | Skipped:
    if any(len(text) > LONGEST_TEXT for text in _texts(found.example)):
        return Skipped(found.line, f"is longer than {LONGEST_TEXT:,} characters")
    example = _clean(found.example)
    reason = _fault(example) or known.get(_key(example))
    if reason is None and isinstance(example, Pair) and normal(example.prompt) in held_out:
        reason = "its prompt is in heldout.jsonl, which judges the persona"
    return Found(found.line, example) if reason is None else Skipped(found.line, reason)


def _clean(example: Pair | str) -> Pair | str:
    """Without control characters, and all but an answer without personal data."""
    if isinstance(example, str):
        return scrub(_printable(example))[0]
    history = tuple(type(turn)(turn.role, scrub(_printable(turn.content))[0]) for turn in example.history)
    return Pair(scrub(_printable(example.prompt))[0], _printable(example.completion), history)


def _printable(text: str) -> str:
    return text.translate(_CONTROL).strip()


def _fault(example: Pair | str) -> str | None:
    """Why a checked example cannot be learned; None when it can."""
    answer = example if isinstance(example, str) else example.completion
    if not answer or (isinstance(example, Pair) and not example.prompt):
        return "has no text in it"
    if any("\ud800" <= character <= "\udfff" for text in _texts(example) for character in text):
        return "holds broken characters"
    flaw = flaw_of(answer)
    if flaw and not (isinstance(example, str) and flaw is Flaw.LOOPING):  # names and refrains repeat in a script
        return f"its answer is {flaw}"
    _, found = scrub(answer)
    return f"its answer holds {found[0]}" if found else None


def _texts(example: Pair | str) -> Iterator[str]:
    if isinstance(example, str):
        yield example
    else:
        yield from (example.prompt, example.completion, *(turn.content for turn in example.history))


def _key(example: Pair | str) -> Key:
    return tuple(map(normal, _texts(example)))


def _row(example: Pair | str) -> str:
    if isinstance(example, str):
        return json.dumps({"text": example}, ensure_ascii=False)
    row: dict[str, object] = {"prompt": example.prompt, "completion": example.completion}
    if example.history:
        row["history"] = [{"role": turn.role, "content": turn.content} for turn in example.history]
    return json.dumps(row, ensure_ascii=False)


def _replace(path: Path, rows: list[str], before: bytes) -> None:
    earlier = before.decode("utf-8")
    if earlier and not earlier.endswith("\n"):
        earlier += "\n"
    try:
        write_atomically(path, earlier + "".join(f"{row}\n" for row in rows))
    except PublishError as error:
        raise DatasetError(str(error)) from None


def _nothing(result: Import) -> str:
    reasons = Counter(skipped.reason for skipped in result.skipped)
    listed = "; ".join(f"{count} × {reason}" for reason, count in reasons.most_common(3))
    first = f" (the first in line {result.skipped[0].line})" if result.skipped else ""
    return (
        f"{result.file}: nothing was taken of {len(result.skipped)} rows, read as {result.format}{first}"
        + (f": {listed}." if listed else ".")
        + " Nothing was written."
    )
