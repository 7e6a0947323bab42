"""A persona to import for, and what its imports hold in short."""

import json
from pathlib import Path

import pytest

from bot.personas.catalog import PersonaCatalog
from training.importing.importer import Import, read_import
from training.importing.request import ImportRequest

CARD = 'name = "ben"\ndisplay_name = "Ben"\ndescription = "A friend."\n'


@pytest.fixture
def folder(tmp_path) -> Path:
    persona = tmp_path / "adapters" / "ben"
    persona.mkdir(parents=True)
    (persona / "persona.toml").write_text(CARD)
    return persona


@pytest.fixture
def take(folder, tmp_path):
    """Import a file of this content (text or bytes) for ben."""

    def take(content: str | bytes, name: str = "file.jsonl", **options) -> Import:
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_import(PersonaCatalog(folder.parent), "ben", ImportRequest(file, **options))

    return take


def exchanges(result: Import) -> list[tuple[str, str]]:
    return [(pair.prompt, pair.completion) for pair in result.pairs]


def skipped(result: Import) -> dict[int, str]:
    return {row.line: row.reason for row in result.skipped}


def lines(*records) -> str:
    return "\n".join(record if isinstance(record, str) else json.dumps(record) for record in records)
