"""Reads SillyTavern's chats: a heading with both names, then a message a line.

Where one character speaks, it is the persona without --speaker.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from training.importing.chat import Said, read_chat
from training.importing.found import Found, Skipped
from training.importing.json_records import json_rows
from training.importing.reading import SourceText
from training.importing.request import ImportRequest


def is_sillytavern(source: SourceText) -> bool:
    if not source.text.lstrip().startswith(("{", "[")) or '"mes"' not in source.text:
        return False
    return any(
        isinstance(record, Mapping) and {"mes", "is_user"} <= record.keys() for _, record in json_rows(source)[:5]
    )


def read_sillytavern(sources: Sequence[SourceText], request: ImportRequest) -> Iterator[Found | Skipped]:
    [source] = sources
    rows = json_rows(source)
    characters = {
        str(record.get("name"))
        for _, record in rows
        if isinstance(record, Mapping) and record.get("is_user") is False and _speaks(record)
    }
    if request.speaker is None and len(characters) == 1 and request.mode != "chunks":
        request = replace(request, speaker=characters.pop())
    return read_chat((one for line, record in rows if (one := _one(line, record)) is not None), request, "chat")


def _one(line: int, record: Any) -> Said | Skipped | None:
    if isinstance(record, Skipped):
        return record
    if not isinstance(record, Mapping) or "mes" not in record:
        is_heading = isinstance(record, Mapping) and ("character_name" in record or "chat_metadata" in record)
        return None if is_heading else Skipped(line, "is no message of a chat")
    if record.get("is_system"):
        return Skipped(line, "is hidden, or a system message")
    if not _speaks(record):
        return Skipped(line, "has no text in it")
    return Said(
        line, str(record.get("name") or ("User" if record.get("is_user") else "Character")), record["mes"].strip()
    )


def _speaks(record: Mapping[str, Any]) -> bool:
    said = record.get("mes")
    return isinstance(said, str) and bool(said.strip()) and not record.get("is_system")
