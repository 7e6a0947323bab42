"""Reads and writes canaries: new versions that speak in a share of the channels until votes decide.

`canary.json` lies beside `active`; `training` starts and ends canaries, the bot follows. Knows no engine and no store.
"""

import datetime
import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from bot.errors import AdapterError
from bot.versions.registry import HIGHEST_NUMBER, AdapterRegistry, write_atomically
from bot.versions.small_files import moment, read_bytes, read_json, whole_number

CANARY = "canary.json"
HISTORY = "promotions.jsonl"


@dataclass(frozen=True)
class Canary:
    """Version `number` speaks in `share` of the channels (above 0.0, below 1.0) since `since`, in unix seconds."""

    number: int
    share: float
    since: float

    def is_canary_channel(self, persona: str, channel_id: int) -> bool:
        """Whether it speaks there: by a hash, so that a channel keeps its version as long as the canary lasts."""
        key = f"{persona}:{self.number}:{channel_id}".encode()
        return int.from_bytes(hashlib.sha256(key).digest()[:6]) / 2**48 < self.share

    def __str__(self) -> str:
        since = datetime.datetime.fromtimestamp(self.since, datetime.UTC)
        return f"v{self.number} speaks in {self.share:.0%} of the channels since {since:%Y-%m-%d %H:%M} UTC"


def read_canary(registry: AdapterRegistry, persona: str) -> Canary | None:
    """The persona's canary; None also for one that became the active version, or is for another base model.

    Raises AdapterError.
    """
    file = registry.folder / persona / CANARY
    try:
        values = read_json(file)
        number = whole_number(values["number"], HIGHEST_NUMBER)
        canary = Canary(number, float(values["share"]), moment(values["since"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, OverflowError) as error:
        why = f"{file} cannot be read ({error}): remove it, the active version then speaks alone."
        raise AdapterError(why) from error
    if not 0.0 < canary.share < 1.0:
        raise AdapterError(f"{file}: share = {canary.share}: must be above 0 and below 1; write it or remove the file.")
    if canary.number == registry.active_number(persona) or not registry.fits(persona, canary.number):
        return None
    return canary


def write_canary(registry: AdapterRegistry, persona: str, canary: Canary) -> None:
    """Raises PublishError."""
    write_atomically(registry.folder / persona / CANARY, json.dumps(asdict(canary)) + "\n")


def last_change(registry: AdapterRegistry, persona: str) -> dict[str, Any] | None:
    """The newest line of the persona's history, for people to read; None where there is none that can be read."""
    try:
        lines = read_bytes(registry.folder / persona / HISTORY).decode("utf-8").splitlines()
        entry = json.loads(lines[-1])
    except (OSError, ValueError, IndexError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None
