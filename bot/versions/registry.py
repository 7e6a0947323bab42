"""Which adapter versions exist on disk, and which one of each persona is active.

On-disk contract: adapters/README.md. Knows nothing of engines, slots or Discord.
"""

import os
import re
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.errors import AdapterError, PublishError
from bot.versions.small_files import read_bytes, read_json

WEIGHTS = "adapter_model.safetensors"
PEFT_CONFIG = "adapter_config.json"
MANIFEST = "manifest.json"
PARTIAL = ".partial"  # what is being written, until it has its name
HIGHEST_NUMBER = 999_999_999
LONGEST_POINTER = 100_000  # bytes
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_LINE = re.compile(rf"((?P<base>[0-9A-Za-z_-]{{1,64}})\s+)?(?P<number>{_NUMBER.pattern})")


@dataclass(frozen=True)
class AdapterVersion:
    """The immutable identity of one trained adapter. Every cache key, log row and metric carries it."""

    persona: str
    number: int
    sha256: str  # of adapter_model.safetensors
    path: Path = field(compare=False)

    def __str__(self) -> str:
        return f"{self.persona} v{self.number}"


@dataclass(frozen=True)
class ActiveLine:
    """On the base model with fingerprint `base` (None: it is not known which), version `number` speaks."""

    base: str | None
    number: int

    def __str__(self) -> str:
        return f"{self.base} {self.number}" if self.base else str(self.number)


class AdapterRegistry:
    """Reads `adapters/<persona>/versions/<n>/` and the `active` pointer; flips the pointer atomically.

    `base`: the fingerprint of the base model in use. Without it, the version that was activated last counts as active.
    """

    def __init__(self, folder: Path, base: str | None = None) -> None:
        self.folder = folder
        self.base = base

    def versions(self, persona: str) -> list[AdapterVersion]:
        """Every complete version of `persona`, oldest first. Raises AdapterError for an unreadable manifest."""
        return [self.version(persona, number) for number in self.numbers(persona)]

    def numbers(self, persona: str) -> list[int]:
        """The version numbers on disk, oldest first; no manifest is read. Raises AdapterError."""
        try:
            return sorted(number for number, path in self._version_paths(persona).items() if path.is_dir())
        except OSError as error:
            raise AdapterError(f"{self.folder / persona} cannot be read: {error}.") from error

    def version(self, persona: str, number: int) -> AdapterVersion:
        path = self.folder / persona / "versions" / str(number)
        return AdapterVersion(persona, number, str(read_manifest(path)["adapter_sha256"]), path)

    def base_of(self, persona: str, number: int) -> str | None:
        """The fingerprint of the base model that the version was trained for; None where that is not known."""
        try:
            base = read_manifest(self.folder / persona / "versions" / str(number)).get("base_fingerprint")
        except AdapterError:
            return None
        return base if isinstance(base, str) and base else None

    def fits(self, persona: str, number: int) -> bool:
        """Whether the version is for the base model in use, as far as is known."""
        return self.base is None or self.base_of(persona, number) in (self.base, None)

    def active(self, persona: str) -> AdapterVersion | None:
        """The version that speaks for `persona` on the base model in use, or None: it speaks from its card."""
        number = self.active_number(persona)
        return None if number is None else self.version(persona, number)

    def active_number(self, persona: str) -> int | None:
        lines = self.active_lines(persona)
        own = [line.number for line in lines if self.base is None or line.base in (self.base, None)]
        return own[-1] if own else None

    def active_elsewhere(self, persona: str) -> list[int]:
        """The versions that would speak for `persona` on other base models."""
        lines = self.active_lines(persona)
        return [line.number for line in lines if self.base is not None and line.base not in (self.base, None)]

    def active_lines(self, persona: str) -> list[ActiveLine]:
        """Who speaks on which base model, the one activated last at the end. Raises AdapterError."""
        pointer = self.folder / persona / "active"
        try:
            text = read_bytes(pointer, LONGEST_POINTER).decode("utf-8").strip()
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise AdapterError(f"{pointer} cannot be read: {error}.") from error
        found = [_LINE.fullmatch(line.strip()) for line in text.splitlines()]
        if not found or not all(found):
            raise AdapterError(
                f"{pointer} = {text[:40]!r}: must be lines of a base model's fingerprint and a version number; "
                "write it or remove the file."
            )
        lines = [(match["base"], int(match["number"])) for match in found if match]
        return [ActiveLine(base or self.base_of(persona, number), number) for base, number in lines]

    def next_number(self, persona: str) -> int:
        return max(self._version_paths(persona), default=0) + 1

    def activate(self, persona: str, number: int) -> None:
        """Let version `number` speak on its base model, atomically (write beside, fsync, rename)."""
        self.version(persona, number)
        base = self.base_of(persona, number)
        self._write_active(persona, [*self._lines_without(persona, base), ActiveLine(base, number)])

    def deactivate(self, persona: str, number: int) -> None:
        """Let nobody speak where version `number` did: the persona speaks from its card there."""
        self._write_active(persona, [line for line in self.active_lines(persona) if line.number != number])

    def _lines_without(self, persona: str, base: str | None) -> list[ActiveLine]:
        """A pointer that cannot be read must not keep a good version from being promoted over it."""
        try:
            return [line for line in self.active_lines(persona) if line.base not in (base, None)]
        except AdapterError:
            return []

    def _write_active(self, persona: str, lines: Sequence[ActiveLine]) -> None:
        pointer = self.folder / persona / "active"
        if lines:
            write_atomically(pointer, "".join(f"{line}\n" for line in lines), mode=0o644)
        else:
            pointer.unlink(missing_ok=True)

    def _version_paths(self, persona: str) -> dict[int, Path]:
        """What lies in the persona's folder of versions under a version's number."""
        root = self.folder / persona / "versions"
        try:
            return {int(path.name): path for path in root.iterdir() if _NUMBER.fullmatch(path.name)}
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise AdapterError(f"{root} cannot be read: {error}.") from error


def version_number(text: str) -> int:
    """Raises ValueError for what is not written as version numbers are."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no version number")
    return int(text)


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest of a version directory. Raises AdapterError when it is absent or malformed."""
    file = path / MANIFEST
    try:
        manifest = read_json(file)
    except FileNotFoundError:
        raise AdapterError(f"{file} is missing: this adapter version is incomplete; train it again.") from None
    except (OSError, ValueError) as error:
        raise AdapterError(f"{file} cannot be read: {error}.") from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("adapter_sha256"), str):
        raise AdapterError(f"{file} has no adapter_sha256: it was edited by hand; train the version again.")
    return manifest


def sweep_partials(*folders: Path, older_than_s: float = 3600.0) -> None:
    """Remove what processes that were killed left half written in the folders."""
    for folder in folders:
        for leftover in folder.glob(f".*{PARTIAL}"):
            with suppress(OSError):
                if time.time() - leftover.stat().st_mtime > older_than_s:
                    leftover.unlink()


def write_atomically(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace `path` by `text` so that a reader sees the old or the new content, never a part of it.

    `mode`: who may read it; by default the user that runs Troupe alone, whatever the umask.
    """
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, prefix=f".{path.name}.", suffix=PARTIAL, delete=False, encoding="utf-8"
        ) as file:
            temporary = Path(file.name)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise PublishError(f"{path} cannot be written: {error.strerror}; nothing was changed.") from error
