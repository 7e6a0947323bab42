"""Reads the data package that Discord sends to whoever asks for their data: messages.json or messages.csv by channel.

It holds its owner's own messages and nobody's beside them, so there is running text in it and no exchange.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.errors import DatasetError
from training.importing.chat import chunks
from training.importing.found import Found, Skipped
from training.importing.json_records import items_at
from training.importing.reading import SourceText
from training.importing.request import ImportRequest
from training.importing.turns import fields_of

_ALONE = "Discord's data package holds its owner's own messages, and not what they answer"


def is_discord_package(source: SourceText) -> bool:
    if source.text.lstrip().startswith("["):
        items = source.json if isinstance(source.json, list) else []
        return (
            bool(items)
            and isinstance(items[0], Mapping)
            and {"id", "timestamp", "contents"} <= fields_of(items[0]).keys()
        )
    return source.text.lstrip().split("\n", 1)[0].replace('"', "").casefold().startswith("id,timestamp,contents")


def read_discord_package(sources: Sequence[SourceText], request: ImportRequest) -> Iterator[Found | Skipped]:
    """Running text, a channel at a time, oldest first. Raises DatasetError where pairs or a speaker are asked for."""
    request.refuse_speaker(_ALONE)
    if request.mode == "pairs":
        raise DatasetError(
            f"{_ALONE}: no pairs can be made of it. Take it as running text with --mode chunks, or export the channels "
            "with DiscordChatExporter."
        )
    said: list[tuple[int, str, object]] = []
    for source in sources:
        messages = []
        for line, row in _rows(source):
            text = row.get("contents")
            if isinstance(text, str) and text.strip():
                messages.append((str(row.get("timestamp") or ""), line, text.strip()))
            else:
                yield Skipped(line, "is an attachment alone" if row.get("attachments") else "has no text in it")
        said += [(line, text, source.name) for _, line, text in sorted(messages)]
    yield from chunks(said)


def _rows(source: SourceText) -> Iterator[tuple[int, dict[str, Any]]]:
    if source.text.lstrip().startswith("["):
        whole = source.json
        for place, row in items_at(source, ()) if isinstance(whole, list) else ():
            if isinstance(row, Mapping):
                yield source.line_at(place), fields_of(row)
        return
    reader = csv.DictReader(f"{line}\n" for line in source.lines)
    line = 1
    while True:
        begins = line + 1
        try:
            table_row = next(reader, None)
        except csv.Error:
            line = reader.line_num
            yield begins, {}
            continue
        if table_row is None:
            return
        line = reader.line_num
        yield begins, fields_of(table_row)
