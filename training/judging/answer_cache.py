"""Remembers answers: of the base model and of versions that were asked the same before, to the same token ids.

What is unreadable is forgotten. Only this user may read the files: samples answer members' own prompts.
"""

import dataclasses
import hashlib
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.engine import SamplingParams
from bot.errors import PublishError
from bot.versions.registry import AdapterVersion, write_atomically

log = logging.getLogger(__name__)

FAILED = "failed"  # a finish reason beside the engine's own: there is no answer


@dataclass(frozen=True)
class Said:
    """What came back for one request; `finish_reason` as the engine names it, or FAILED."""

    text: str
    tokens: int
    finish_reason: str


class AnswerMemory:
    """The answers of one persona's last evaluation.

    `identity` names whatever else answers depend on: the base model's fingerprint, its precision, the device.
    """

    def __init__(self, file: Path, identity: str) -> None:
        self._file = file
        self._identity = identity
        self._arithmetic = ""
        self._known = _read(file)
        self._used: dict[str, Said] = {}

    def computed_by(self, arithmetic: str) -> None:
        """What the engine computes with: where that is another one, the same question may get another answer."""
        self._arithmetic = arithmetic

    def recall(self, version: AdapterVersion | None, ids: tuple[int, ...], sampling: SamplingParams) -> Said | None:
        return self._known.get(self._key(version, ids, sampling))

    def keep(self, version: AdapterVersion | None, ids: tuple[int, ...], sampling: SamplingParams, said: Said) -> None:
        """An answer that failed is not kept: it may succeed the next time."""
        if said.finish_reason != FAILED:
            self._used[self._key(version, ids, sampling)] = said

    def save(self) -> None:
        """Keep what this evaluation used and nothing else. A full disk costs time at the next evaluation only."""
        rows = {key: dataclasses.astuple(said) for key, said in self._used.items()}
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._file, json.dumps(rows, ensure_ascii=False))
        except (OSError, PublishError) as error:
            log.warning("answers cannot be kept for the next evaluation (%s)", error)

    def _key(self, version: AdapterVersion | None, ids: tuple[int, ...], sampling: SamplingParams) -> str:
        facts = [self._identity, self._arithmetic, version.sha256 if version else "", ids, dataclasses.asdict(sampling)]
        return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:32]


def _read(file: Path) -> dict[str, Said]:
    try:
        rows: Any = json.loads(file.read_text(encoding="utf-8"))
        return {key: Said(str(text), int(tokens), str(reason)) for key, (text, tokens, reason) in rows.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        log.warning("%s cannot be used and is dropped (%s)", file, error)
        return {}
