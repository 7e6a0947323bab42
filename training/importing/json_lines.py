"""Owns reading JSONL: an object a line. A file that is one JSON list is read as well."""

import json
from collections.abc import Iterator
from typing import Any

from training.importing.found import BadRow, Found, Skipped
from training.importing.reading import SourceText
from training.importing.records import examples_of


def read_json(source: SourceText) -> Iterator[Found | Skipped]:
    for line, record in _list_items(source.text) or _line_records(source):
        if isinstance(record, Skipped):
            yield record
            continue
        try:
            examples = examples_of(record)
        except BadRow as reason:
            yield Skipped(line, str(reason))
        else:
            yield from (Found(line, example) for example in examples)


def _line_records(source: SourceText) -> Iterator[tuple[int, Any]]:
    for line, text in enumerate(source.lines, 1):
        if not text.strip():
            continue
        try:
            yield line, json.loads(text)
        except (ValueError, RecursionError) as error:
            yield line, Skipped(line, f"is not JSON ({_cause(error)})")


def _list_items(text: str) -> list[tuple[int, Any]] | None:
    """The items of a file that is one JSON list of records, with their lines; None for any other file."""
    start = len(text) - len(text.lstrip())
    if text[start : start + 1] != "[":
        return None
    decoder, items, place, counted, line = json.JSONDecoder(), list[tuple[int, Any]](), start + 1, 0, 1
    while True:
        while text[place : place + 1] in (*" \t\n", ","):
            place += 1
        if text[place : place + 1] == "]":
            break
        try:
            item, end = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            return None
        line += text.count("\n", counted, place)
        items.append((line, item))
        counted, place = place, end
    is_conversation = any(isinstance(item, dict) and ("role" in item or "from" in item) for _, item in items[:1])
    return None if is_conversation or text[place + 1 :].strip() else items


def _cause(error: Exception) -> str:
    return f"{error.msg} at column {error.colno}" if isinstance(error, json.JSONDecodeError) else str(error)[:60]
