"""Where a file to import lies: by itself, in a zip or in a folder, as services hand out what they keep of somebody.

Nothing is unpacked to disk, and nothing larger than the limit is read, whatever an archive says of itself.
"""

import re
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.errors import DatasetError
from training.importing.reading import SourceText, source_text

LARGEST = 200 * 1024 * 1024
MOST_FILES = 200_000  # names in an archive or a folder
SUFFIXES = (".json", ".jsonl", ".csv", ".tsv", ".txt", ".log")
_PACKAGE = re.compile(r"(?:.{1,200}/)?c\d{1,25}/messages\.(?:json|csv)", re.IGNORECASE | re.DOTALL)
_KNOWN = re.compile(r"(?:.{1,200}/)?(?:result\.json|_chat\.txt|WhatsApp[^/]{1,100}\.txt)", re.IGNORECASE | re.DOTALL)

Read = Callable[[str], bytes]


def open_sources(path: Path, encoding: str | None = None) -> tuple[SourceText, ...]:
    """The text of a file, or of all files that belong together in a zip or folder. Raises DatasetError."""
    try:
        if path.is_dir():
            return _of_folder(path, encoding)
        if path.stat().st_size > LARGEST:
            raise DatasetError(f"{path} is larger than {LARGEST >> 20} MiB: split it.")
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    if content.startswith(b"PK\x03\x04"):
        return _of_zip(path, encoding)
    return (source_text(content, str(path), encoding),)


def _of_zip(path: Path, encoding: str | None) -> tuple[SourceText, ...]:
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {entry.filename: entry.file_size for entry in archive.infolist()[:MOST_FILES]}
            return _chosen(path, sizes, archive.read, encoding)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise DatasetError(f"{path} cannot be unpacked ({error}): download it again, without a password.") from None


def _of_folder(path: Path, encoding: str | None) -> tuple[SourceText, ...]:
    sizes: dict[str, int] = {}
    for found in path.rglob("*.[jJtTcC][sSxX][oOtTvV]*"):
        if found.is_file() and len(sizes) < MOST_FILES:
            sizes[found.relative_to(path).as_posix()] = found.stat().st_size
    return _chosen(path, sizes, lambda name: (path / name).read_bytes(), encoding)


def _chosen(path: Path, sizes: dict[str, int], read: Read, encoding: str | None) -> tuple[SourceText, ...]:
    names = sorted(name for name in sizes if _PACKAGE.fullmatch(name)) or _only(path, list(sizes))
    if sum(sizes[name] for name in names) > LARGEST:
        raise DatasetError(f"{path} holds more than {LARGEST >> 20} MiB of messages: import its files one by one.")
    contents = [(name, read(name)) for name in names]
    sources = [source_text(content, f"{path}/{name}", encoding) for name, content in contents if content.strip()]
    if not sources:
        raise DatasetError(f"{path} is empty: there is nothing to import.")
    return tuple(sources)


def _only(path: Path, names: Sequence[str]) -> list[str]:
    """The one file that a chat app exports, or the one there is. Raises DatasetError for several or none."""
    texts = [
        name for name in names if Path(name).suffix.casefold() in (".json", ".jsonl", ".csv", ".tsv", ".txt", ".log")
    ]
    candidates = [name for name in texts if _KNOWN.fullmatch(name)] or texts
    if len(candidates) != 1:
        raise DatasetError(
            f"{path} holds {len(candidates)} files that could be imported: name one of them, or give Discord's or "
            "Telegram's whole folder."
        )
    return candidates
