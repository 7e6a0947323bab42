"""When a persona is due for a training: one rule for the bot's schedule and for `training due`."""

import datetime
from collections.abc import Mapping

from bot.errors import AdapterError
from bot.versions.registry import AdapterRegistry, read_manifest


def trained_at(registry: AdapterRegistry, persona: str) -> float:
    """When the newest version for the base model in use was made, in unix seconds; 0.0 without one."""
    try:
        numbers = [number for number in registry.numbers(persona) if registry.fits(persona, number)]
        if not numbers:
            return 0.0
        made = read_manifest(registry.folder / persona / "versions" / str(numbers[-1])).get("created_at")
        return datetime.datetime.fromisoformat(str(made)).timestamp()
    except (AdapterError, ValueError, OverflowError, OSError):  # years that no clock of this machine shows
        return 0.0


def must_rebuild(marked: Mapping[int, float], trained: float) -> bool:
    """Whether a version holds deleted words and none was trained since that was found.

    A rebuilding that the gate refused is not repeated until new votes come: it would end the same way.
    """
    return any(at > trained for at in marked.values())
