"""Reads JSON as people keep examples in it: an object a line, one list, a list in an object, pretty-printed, by column.

A broken part costs itself: reading goes on where the next record begins.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.errors import DatasetError
from training.importing.found import Skipped, counted, shown
from training.importing.reading import SourceText
from training.importing.records import ANSWERS, CONVERSATIONS, PROMPTS, TEXTS, NumberedRecord, is_known
from training.importing.turns import field_name, fields_of, is_turn

WRAPPERS = (
    "data",
    "rows",
    "examples",
    "items",
    "records",
    "samples",
    "instances",
    "train",
    "dataset",
    "pairs",
    "results",
)
COLUMNS = (*PROMPTS, *ANSWERS, *TEXTS, "rejected", "label")
MOST_BROKEN = 20  # values of several lines; with more of them each line is read on its own, or it would take for ever
TURNS = (*CONVERSATIONS, *PROMPTS, *ANSWERS)
_SPACE = re.compile(r"[ \t\n\r,]*")
_DECODER = json.JSONDecoder()


def json_rows(source: SourceText) -> list[NumberedRecord]:
    """The file's records with their lines. Raises DatasetError for a file of several lists."""
    whole = source.json
    if isinstance(whole, list):
        return [(source.line_at(place), _unwrapped(item)) for place, item in items_at(source, ())]
    if isinstance(whole, Mapping) and whole:
        return _of_object(source, whole)
    return list(_broken_list(source) if re.match(r"\s*\[[^\S\n]*\n", source.text) else _line_rows(source))


def items_at(source: SourceText, path: Sequence[str | None]) -> Iterator[tuple[int, Any]]:
    """The items of the list at `path`, each with the place where it begins; None in a path stands for every item."""
    start = len(source.text) - len(source.text.lstrip())
    yield from _items(source.text, start, path)


def _items(text: str, place: int, path: Sequence[str | None]) -> Iterator[tuple[int, Any]]:
    for key, start, value in _children(text, place):
        if not path:
            yield start, value
        elif (path[0] is None or key == path[0]) and isinstance(value, list | dict):
            yield from _items(text, start, path[1:])


def _children(text: str, place: int) -> Iterator[tuple[str | None, int, Any]]:
    """The members of the object, or the items of the list, that begins at `place` of a text that is JSON."""
    closes = {"{": "}", "[": "]"}[text[place]]
    place = _SPACE.match(text, place + 1).end()  # type: ignore[union-attr] # it matches nothing, too
    while text[place] != closes:
        key = None
        if closes == "}":
            key, place = _DECODER.raw_decode(text, place)
            place = _SPACE.match(text, text.index(":", place) + 1).end()  # type: ignore[union-attr]
        value, end = _DECODER.raw_decode(text, place)
        yield key, place, value
        place = _SPACE.match(text, end).end()  # type: ignore[union-attr]


def _of_object(source: SourceText, whole: Mapping[str, Any]) -> list[NumberedRecord]:
    fields = fields_of(whole)
    columns = _columns(fields)
    if columns is not None:
        return [(1, record) for record in columns]
    if isinstance(fields.get("columns"), list) and isinstance(fields.get("data"), list):  # pandas' orient="split"
        names, rows = fields["columns"], fields["data"]
        return [(1, dict(zip(map(str, names), row, strict=False)) if isinstance(row, list) else row) for row in rows]
    if (name := _wrapper(whole)) is not None:
        return [(source.line_at(place), _unwrapped(item)) for place, item in items_at(source, (name,))]
    if all(isinstance(value, Mapping) and is_known(fields_of(value)) for value in whole.values()):  # orient="index"
        return [(source.line_at(place), item) for place, item in items_at(source, ())]
    return [(source.line_at(len(source.text) - len(source.text.lstrip())), whole)]


def _wrapper(whole: Mapping[str, Any]) -> str | None:
    """The key of the list of records; None where the object is a record. Raises DatasetError for several."""
    lists = {
        key: len(value)
        for key, value in whole.items()
        if isinstance(value, list) and value and all(isinstance(item, Mapping | list) for item in value)
    }
    named = [key for key in lists if field_name(key) in WRAPPERS]
    conversation = any(field_name(key) in TURNS and all(map(is_turn, whole[key])) for key in lists)
    if conversation or (not named and is_known(fields_of(whole)) and not _of_records(whole, lists)):
        return None
    candidates = named or _of_records(whole, lists)
    if len(candidates) > 1:
        several = counted({key: lists[key] for key in candidates})
        raise DatasetError(f"The file holds several lists of examples, {several}: save one as its own file.")
    return candidates[0] if candidates else None


def _of_records(whole: Mapping[str, Any], lists: Mapping[str, int]) -> list[str]:
    return [key for key in lists if all(isinstance(item, list) or is_known(fields_of(item)) for item in whole[key][:5])]


def _unwrapped(item: Any) -> Any:
    """The hub's viewer wraps each record: {"row_idx": 0, "row": {…}}."""
    inner = item.get("row") if isinstance(item, Mapping) else None
    return inner if isinstance(inner, Mapping) else item


def _columns(fields: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The records of an object that holds a list, or an object of rows, for each field; None for any other."""
    named = {name: _cells(value) for name, value in fields.items() if name in (*COLUMNS, *CONVERSATIONS)}
    columns = {name: cells for name, cells in named.items() if cells is not None}
    if not columns or len(columns) < len(named) or not is_known(columns):
        return None
    lengths = {name: len(cells) for name, cells in columns.items()}
    if len(set(lengths.values())) > 1:
        raise DatasetError(f"The file's columns differ in length, {counted(lengths)}: which belong together?")
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _cells(value: Any) -> list[Any] | None:
    """A column's cells; None for one record's value: a text, or turns."""
    if isinstance(value, Mapping) and value and all(str(key).isdecimal() for key in value):
        return list(value.values())
    if isinstance(value, list) and value and not any(isinstance(cell, Mapping) for cell in value):
        return value
    return None


def _line_rows(source: SourceText) -> Iterator[NumberedRecord]:
    """A value a line, or values of several lines one after another."""
    lines = source.lines
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    place = broken = 0
    while place < len(lines):
        text, used = lines[place], 1
        if text.strip():
            record, reason = _value(text)
            if reason and broken < MOST_BROKEN and text.lstrip().startswith(("{", "[")):
                record, used, reason = _long_value(source, lines, place, starts, reason)
                broken += bool(reason)
            yield place + 1, Skipped(place + 1, f"is not JSON ({reason})") if reason else _unwrapped(record)
        place += used


def _value(text: str) -> tuple[Any, str]:
    try:
        return json.loads(text), ""
    except (ValueError, RecursionError) as error:
        return None, _cause(error)


def _long_value(
    source: SourceText, lines: Sequence[str], place: int, starts: Sequence[int], reason: str
) -> tuple[Any, int, str]:
    """The value that begins in a line and goes on below it, the lines it takes, and why it cannot be read."""
    start = starts[place] + len(lines[place]) - len(lines[place].lstrip())
    try:
        value, end = _DECODER.raw_decode(source.text, start)
    except (ValueError, RecursionError) as error:
        ends_here = isinstance(error, json.JSONDecodeError) and error.pos < starts[place + 1] - 1
        return None, 1 if ends_here else _lines_to_next(lines, place), reason if ends_here else _cause(error)
    last = source.line_at(end) - 1
    rest = lines[last][end - starts[last] :].strip(" \t,")
    return (None, 1, reason) if rest or last == place else (value, last - place + 1, "")


def _lines_to_next(lines: Sequence[str], place: int) -> int:
    """Lines until the next one that begins a value at the left edge."""
    used = 1
    while place + used < len(lines) and not lines[place + used].startswith(("{", "[")):
        used += 1
    return used


def _broken_list(source: SourceText) -> Iterator[NumberedRecord]:
    """The items of a list with a broken part: each by itself, as far as it can be told where it begins."""
    text, place, broken = source.text, source.text.index("[") + 1, 0
    indent = re.match(r"[^\S\n]*", text[place + 1 : place + 100])
    following_item = re.compile(rf"\n{indent[0] if indent else ''}(?=[{{\[])")
    while broken < MOST_BROKEN:
        place = _SPACE.match(text, place).end()  # type: ignore[union-attr]
        if place >= len(text) or text[place] == "]":
            return
        line = source.line_at(place)
        try:
            value, place = _DECODER.raw_decode(text, place)
            yield line, _unwrapped(value)
        except (ValueError, RecursionError) as error:
            broken += 1
            yield line, Skipped(line, f"is not JSON ({_cause(error)})")
            following = following_item.search(text, place)
            place = following.end() if following else len(text)
    yield source.line_at(place), Skipped(source.line_at(place), "was not read, nor what follows: too much is not JSON")


def _cause(error: Exception) -> str:
    if not isinstance(error, json.JSONDecodeError):
        return shown(error, 60)
    line = f"line {error.lineno}, " if error.lineno > 1 else ""
    return f"{error.msg} at {line}column {error.colno}"
