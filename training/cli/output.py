"""How a command prints: text or tables for people, one JSON object for programs."""

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from bot.versions.registry import AdapterVersion


def show(as_json: bool, facts: Mapping[str, Any], text: str | Table) -> None:
    if as_json:
        print(json.dumps(facts, ensure_ascii=False))
    elif text:
        print_text(text)


def print_text(text: str | Table) -> None:
    Console().print(text, markup=False, highlight=False, soft_wrap=isinstance(text, str))


def version_facts(version: AdapterVersion) -> dict[str, Any]:
    return {"persona": version.persona, "number": version.number, "sha256": version.sha256, "path": str(version.path)}
