"""Marks versions that learned from words which were deleted since, in `marked.json` beside the versions.

A mark says that the version must be replaced by one trained afresh, and when that was found. Knows no store.
"""

import json
import time
from collections.abc import Collection, Mapping

import filelock

from bot.errors import AdapterError
from bot.versions.registry import AdapterRegistry, read_manifest, version_number, write_atomically
from bot.versions.small_files import moment, read_json

MARKS = "marked.json"
LOCK_SECONDS = 10.0


def marked(registry: AdapterRegistry, persona: str) -> dict[int, float]:
    """The persona's marked versions that are still there, with when they were marked (unix seconds).

    Raises AdapterError for a file that cannot be read.
    """
    file = registry.folder / persona / MARKS
    try:
        marks = {version_number(number): moment(at) for number, at in read_json(file).items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        raise AdapterError(f"{file} cannot be read ({error}): remove it and run `python -m training due`.") from error
    known = registry.numbers(persona)
    return {number: at for number, at in marks.items() if number in known}


def mark(registry: AdapterRegistry, persona: str, reply_ids: Collection[int]) -> list[int]:
    """Mark the versions that were trained on one of these replies; the versions newly marked.

    Raises AdapterError or PublishError when that cannot be written down.
    """
    if not reply_ids:
        return []
    with _locked(registry, persona):
        before = marked(registry, persona)
        others = [number for number in registry.numbers(persona) if number not in before]
        found = [number for number in others if not _reply_ids(registry, persona, number).isdisjoint(reply_ids)]
        if found:
            _write(registry, persona, {**before, **dict.fromkeys(found, time.time())})
    return found


def unmark(registry: AdapterRegistry, persona: str, number: int) -> None:
    with _locked(registry, persona):
        _write(registry, persona, {n: at for n, at in marked(registry, persona).items() if n != number})


def replies_behind(registry: AdapterRegistry, persona: str) -> frozenset[int]:
    """The stored replies that any version of the persona was trained on."""
    return frozenset[int]().union(*(_reply_ids(registry, persona, number) for number in registry.numbers(persona)))


def _reply_ids(registry: AdapterRegistry, persona: str, number: int) -> frozenset[int]:
    """None for an incomplete version: it never speaks."""
    try:
        manifest = read_manifest(registry.folder / persona / "versions" / str(number))
    except AdapterError:
        return frozenset()
    reply_ids = manifest.get("reply_ids")
    return frozenset(i for i in reply_ids if isinstance(i, int)) if isinstance(reply_ids, list) else frozenset()


def _write(registry: AdapterRegistry, persona: str, marks: Mapping[int, float]) -> None:
    text = json.dumps({str(number): round(at, 3) for number, at in sorted(marks.items())})
    write_atomically(registry.folder / persona / MARKS, text + "\n")


def _locked(registry: AdapterRegistry, persona: str) -> filelock.BaseFileLock:
    """The bot and a training may mark and unmark at the same time."""
    return filelock.FileLock(registry.folder / persona / ".marked.lock", timeout=LOCK_SECONDS)
