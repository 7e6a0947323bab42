"""The table of readers: what each format is called, how a file of it is recognised, and who reads it.

A new format is a module with two functions and a line here.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.errors import DatasetError
from training.importing.discord_exports import is_discord_export, read_discord_export
from training.importing.discord_package import is_discord_package, read_discord_package
from training.importing.found import Found, Skipped
from training.importing.irc import is_irc, read_irc
from training.importing.json_records import json_rows
from training.importing.reading import SourceText
from training.importing.records import read_records
from training.importing.request import FormatName, ImportRequest
from training.importing.scripts import looks_like_script, read_script
from training.importing.sillytavern import is_sillytavern, read_sillytavern
from training.importing.tables import table_rows
from training.importing.telegram import is_telegram, read_telegram
from training.importing.whatsapp import is_whatsapp, read_whatsapp

_BEGINS_JSON = re.compile(r"\s*(?:\{\s*[\"}]|\[\s*[\[{\"\]])")  # not a date or a time in brackets

Read = Callable[[Sequence[SourceText], ImportRequest], Iterator[Found | Skipped]]


@dataclass(frozen=True)
class Format:
    """`recognises` looks at the text alone; the first format of the table that knows a file reads it."""

    name: FormatName
    recognises: Callable[[SourceText], bool]
    read: Read


def _is_json(source: SourceText) -> bool:
    suffix = Path(source.name).suffix.casefold()
    return suffix in (".jsonl", ".ndjson", ".json") or (
        suffix not in (".csv", ".tsv") and _BEGINS_JSON.match(source.text) is not None
    )


def _is_table(source: SourceText) -> bool:
    return Path(source.name).suffix.casefold() in (".csv", ".tsv") or not looks_like_script(source)


def _read_json(sources: Sequence[SourceText], request: ImportRequest) -> Iterator[Found | Skipped]:
    request.refuse_chunks("the file holds examples")
    return read_records(json_rows(sources[0]), request.speaker)


def _read_table(sources: Sequence[SourceText], request: ImportRequest) -> Iterator[Found | Skipped]:
    request.refuse_chunks("the file holds examples")
    return read_records(table_rows(sources[0]), request.speaker)


FORMATS = (
    Format("telegram", is_telegram, read_telegram),
    Format("discord", is_discord_export, read_discord_export),
    Format("discord-package", is_discord_package, read_discord_package),
    Format("sillytavern", is_sillytavern, read_sillytavern),
    Format("jsonl", _is_json, _read_json),
    Format("whatsapp", is_whatsapp, read_whatsapp),
    Format("irc", is_irc, read_irc),
    Format("csv", _is_table, _read_table),
    Format("script", lambda _: True, read_script),
)


def format_of(sources: Sequence[SourceText], asked: FormatName | None) -> Format:
    """The format that was asked for, or the one that the file is in. Raises DatasetError for several files."""
    if asked is not None:
        chosen = next(known for known in FORMATS if known.name == asked)
    else:
        chosen = next(known for known in FORMATS if known.recognises(sources[0]))
    if len(sources) > 1 and chosen.name != "discord-package":
        raise DatasetError(f"There are {len(sources)} files, and {chosen.name} is read one by one: name one of them.")
    return chosen
