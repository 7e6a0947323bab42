"""Writes a persona as a folder with its card, `persona.toml`: what was made on a server, or imported, to be trained."""

import json
from pathlib import Path
from typing import Any

from bot.errors import PersonaError
from bot.personas.catalog import Persona, read_card
from bot.versions.registry import write_atomically


def write_persona_folder(folder: Path, persona: Persona) -> Path:
    """Make `folder`/NAME with the card. Raises PersonaError where there is such a folder, or none can be made."""
    target = folder / persona.name
    card = target / "persona.toml"
    if card.exists():
        raise PersonaError(f"{card} exists already: rename that folder, or the persona.")
    try:
        target.mkdir(exist_ok=True)
    except OSError as error:
        raise PersonaError(f"{target} cannot be made: {error.strerror}.") from error
    write_atomically(card, as_toml(persona))
    read_card(card)
    return card


def as_toml(persona: Persona) -> str:
    """The card as TOML, without what is as usual. JSON's strings, numbers and lists are TOML's too."""
    values = persona.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    tables = {key: value for key, value in values.items() if _is_table(value)}
    parts = [_lines({key: value for key, value in values.items() if key not in tables})]
    for key, value in tables.items():
        rows = value if isinstance(value, list) else [value]
        head = f"[[{key}]]" if isinstance(value, list) else f"[{key}]"
        parts += [f"\n{head}\n{_lines(row)}" for row in rows]
    return "".join(parts)


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def _lines(values: dict[str, Any]) -> str:
    return "".join(f"{key} = {_value(value)}\n" for key, value in values.items() if value is not None)


def _value(value: Any) -> str:
    # DEL is fine in JSON and not in TOML.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
