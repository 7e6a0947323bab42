"""Which adapter versions exist on disk, and which one of each persona is active.

On-disk contract: adapters/README.md. Knows nothing of engines, slots or Discord.
"""

import json
import os
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.errors import AdapterError, PublishError

WEIGHTS = "adapter_model.safetensors"
PEFT_CONFIG = "adapter_config.json"
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class AdapterVersion:
    """The immutable identity of one trained adapter. Every cache key, log row and metric carries it."""

    persona: str
    number: int
    sha256: str  # of adapter_model.safetensors
    path: Path = field(compare=False)

    def __str__(self) -> str:
        return f"{self.persona} v{self.number}"


class AdapterRegistry:
    """Reads `adapters/<persona>/versions/<n>/` and the `active` pointer; flips the pointer atomically."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def versions(self, persona: str) -> list[AdapterVersion]:
        """Every complete version of `persona`, oldest first. Raises AdapterError for an unreadable manifest."""
        return [self.version(persona, number) for number in self.numbers(persona)]

    def numbers(self, persona: str) -> list[int]:
        """The version numbers on disk, oldest first; no manifest is read."""
        root = self.folder / persona / "versions"
        return sorted(int(p.name) for p in root.glob("*") if p.is_dir() and p.name.isdecimal())

    def version(self, persona: str, number: int) -> AdapterVersion:
        path = self.folder / persona / "versions" / str(number)
        return AdapterVersion(persona, number, str(read_manifest(path)["adapter_sha256"]), path)

    def active(self, persona: str) -> AdapterVersion | None:
        """The version that speaks for `persona`, or None for a prompt-only persona."""
        number = self.active_number(persona)
        return None if number is None else self.version(persona, number)

    def active_number(self, persona: str) -> int | None:
        pointer = self.folder / persona / "active"
        try:
            text = pointer.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise AdapterError(f"{pointer} cannot be read: {error}.") from error
        if not re.fullmatch(r"[1-9][0-9]{0,8}", text):
            raise AdapterError(f"{pointer} = {text[:40]!r}: must be one version number; write it or remove the file.")
        return int(text)

    def next_number(self, persona: str) -> int:
        root = self.folder / persona / "versions"
        return max((int(p.name) for p in root.glob("*") if p.name.isdecimal()), default=0) + 1

    def activate(self, persona: str, number: int) -> None:
        """Point `active` at `number` atomically (write beside, fsync, rename)."""
        self.version(persona, number)
        write_atomically(self.folder / persona / "active", f"{number}\n")


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest of a version directory. Raises AdapterError when it is absent or malformed."""
    file = path / MANIFEST
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise AdapterError(f"{file} is missing: this adapter version is incomplete; train it again.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise AdapterError(f"{file} cannot be read: {error}.") from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("adapter_sha256"), str):
        raise AdapterError(f"{file} has no adapter_sha256: it was edited by hand; train the version again.")
    return manifest


def write_atomically(path: Path, text: str) -> None:
    """Replace `path` by `text` so that a reader sees the old or the new content, never a part of it."""
    temporary = None
    try:
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
            temporary = Path(file.name)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise PublishError(f"{path} cannot be written: {error.strerror}; nothing was changed.") from error
