"""Reads CSV: delimiters, quotes, line breaks in fields, headers, and what to do with a row that is broken.

Each record is read on its own, strictly: a quote that is never closed costs its own line, not the rest of the file.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.errors import DatasetError
from training.importing.found import Skipped, shown
from training.importing.reading import SourceText
from training.importing.records import EXPECTED, NumberedRecord, is_known
from training.importing.turns import field_name

DELIMITERS = ",;\t|"
OPTIONAL = ("input", "context", "history", "rejected")
LONGEST_RECORD = 2_000  # lines: a quote open for longer was never closed

_NAME = re.compile(r"\s?[A-Za-z]\w{0,30}\s?")  # a column's, not something that anybody said
_SEPARATOR_LINE = re.compile(r"sep=(.)", re.IGNORECASE)  # Excel's


@dataclass(frozen=True)
class _Record:
    line: int
    fields: tuple[str, ...]


def table_rows(source: SourceText) -> list[NumberedRecord]:
    """Raises DatasetError when no column is named as an example's field."""
    lines = source.lines
    first = next(place for place, line in enumerate(lines) if line.strip())
    separator = _SEPARATOR_LINE.fullmatch(lines[first].strip())
    delimiter = separator[1] if separator else _sniffed(lines, first)
    records = _records(lines, first + 1 if separator else first, delimiter)
    header, body = _header(records)
    return [(record.line, _named(header, record)) for record in body]


def _header(records: Iterator[_Record | Skipped]) -> tuple[list[str], Iterator[_Record | Skipped]]:
    """The columns' names, and the rows below them. Two columns without known names are a prompt and its answer."""
    top = next(records, None)
    if isinstance(top, Skipped) or top is None:
        raise DatasetError(f"The first row cannot be read: it {top.reason if top else 'is missing'}.")
    names = [field_name(name) for name in top.fields]
    if is_known(names):
        return names, records
    if len(names) == 2 and all(names) and not all(map(_NAME.fullmatch, top.fields)):
        return ["prompt", "completion"], _after(top, records)
    columns = ", ".join(map(shown, top.fields[:8]))
    raise DatasetError(f"The table's columns are {columns}: name them in its first row, as {EXPECTED}.")


def _after(top: _Record, records: Iterator[_Record | Skipped]) -> Iterator[_Record | Skipped]:
    yield top
    yield from records


def _named(header: Sequence[str], record: _Record | Skipped) -> dict[str, str] | Skipped:
    """The row by column name; empty cells of columns that may be empty are left out."""
    if isinstance(record, Skipped):
        return record
    filled = list(record.fields)
    while len(filled) > len(header) and not filled[-1].strip():
        filled.pop()
    if len(filled) > len(header):
        reason = f"has {len(filled)} columns where the first row has {len(header)}: is a text unquoted?"
        return Skipped(record.line, reason)
    if len(filled) < len(header):
        return Skipped(record.line, f"has {len(filled)} of {len(header)} columns")
    row: dict[str, str] = {}
    for name, value in zip(header, filled, strict=True):
        row.setdefault(name, value)
    optional = {name for name, value in row.items() if not value.strip() and name in OPTIONAL}
    return {name: value for name, value in row.items() if name not in optional or (name == "input" and len(row) == 2)}


def _records(lines: Sequence[str], start: int, delimiter: str) -> Iterator[_Record | Skipped]:
    place = start
    while place < len(lines):
        if not lines[place].strip():
            place += 1
            continue
        fields, used, reason = _record(lines, place, delimiter)
        if fields is None:
            yield Skipped(place + 1, reason)
        elif any(field.strip() for field in fields):
            yield _Record(place + 1, fields)
        place += used


def _record(lines: Sequence[str], start: int, delimiter: str) -> tuple[tuple[str, ...] | None, int, str]:
    """The fields of the record that begins at `start` and how many lines it takes; or why it cannot be read."""
    dialects: list[dict[str, bool | str]] = [{}]
    if '\\"' in lines[start]:  # without it this dialect would forgive what is broken
        dialects.append({"doublequote": False, "escapechar": "\\"})
    for dialect in dialects:
        window = (f"{line}\n" for line in lines[start : start + LONGEST_RECORD])
        reader = csv.reader(window, delimiter=delimiter, strict=True, **dialect)  # type: ignore[arg-type]
        try:
            return tuple(next(reader)), reader.line_num, ""
        except csv.Error:
            continue
    return None, 1, f"opens a quote that is not closed before a {delimiter!r}: double the quotes inside a text"


def _sniffed(lines: Sequence[str], first: int) -> str:
    """The delimiter that makes known columns of the first row; else the one that most rows agree on."""
    for delimiter in DELIMITERS:
        fields, _, _ = _record(lines, first, delimiter)
        if fields is not None and len(fields) > 1 and is_known(map(field_name, fields)):
            return delimiter
    sample = [line for line in lines[first : first + 50] if line.strip()]
    counts = {delimiter: sum(line.count(delimiter) == 1 for line in sample) for delimiter in DELIMITERS}
    return max(DELIMITERS, key=lambda delimiter: counts[delimiter])
