"""One file with all that cannot be made again: the database, the persona folders with their versions, and config.toml.

Secrets stay out: they live in the environment and in `.env`. The archive is a tar whose last member lists the others
with their checksums; it is looked through as a whole before it replaces anything.
"""

import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import tarfile
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.config import Config
from bot.errors import StoreError
from bot.personas.catalog import CARD
from bot.store import backup, check_backup, exclusive, replace_database

DATABASE, CONFIG, ADAPTERS, CONTENTS = "troupe.db", "config.toml", "adapters", "contents.json"
FORMAT = 1
SUFFIXES = (".tar", ".tgz", ".tar.gz")
_PASSING = re.compile(r"\..*\.partial|\.run-.*|\.staging.*|.*\.lock|\.before-.*|__pycache__")
_NAMED = re.compile(r"troupe-\d{8}T\d{6}Z\.tar")


@dataclass(frozen=True)
class Restored:
    """Where the old database and the old persona folders are; what the archive's config.toml was written to."""

    database: Path | None
    personas: Path | None
    config: Path | None


def is_archive(file: Path) -> bool:
    return file.name.endswith(SUFFIXES)


def write_archive(config: Config, target: Path) -> None:
    """Write the new file `target` while the bot runs. Raises StoreError; then no file is left."""
    if target.exists():
        raise StoreError(f"{target} already exists: name a new file, or remove it first.")
    partial = target.with_name(f".{target.name}.partial")
    with _told(target), tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
        database = Path(folder) / DATABASE
        backup(config.store_path, database)
        try:
            partial.touch(mode=0o600)
            with tarfile.open(partial, "w:gz" if target.suffix != ".tar" else "w") as archive:
                _write(archive, {DATABASE: database, **_config_file(config), **_persona_files(config.adapters_dir)})
            _sync(partial)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)


def write_in_turn(config: Config, folder: Path, keep: int) -> Path:
    """Write an archive named after the time into `folder`, then remove all but the newest `keep` of them."""
    with _told(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / f"troupe-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.tar"
    write_archive(config, target)
    archives = sorted(file for file in folder.iterdir() if _NAMED.fullmatch(file.name))
    for old in archives[:-keep]:
        old.unlink(missing_ok=True)
    return target


def restore_archive(file: Path, config: Config) -> Restored:
    """Put what the archive holds in the place of what is here; that is kept beside, under a name with the time.

    Raises StoreError, and changes nothing, when the archive is not whole and sound, or a bot runs.
    """
    path, adapters = config.store_path, config.adapters_dir
    with exclusive(path, "bot restore"), _told(file):
        adapters.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=adapters, prefix=".restoring-") as folder:
            staged = Path(folder)
            _unpack(file, staged)
            check_backup(staged / DATABASE)
            personas = _replace_personas(staged / ADAPTERS, adapters)
            return Restored(replace_database(staged / DATABASE, path), personas, _put_config(staged, config))


def _config_file(config: Config) -> dict[str, Path]:
    return {} if config.file is None else {CONFIG: config.file}


def _persona_files(folder: Path) -> dict[str, Path]:
    found = {}
    for persona in sorted(card.parent for card in folder.glob(f"*/{CARD}")):
        for file in sorted(persona.rglob("*")):
            inside = file.relative_to(folder)
            if file.is_file() and not file.is_symlink() and not any(_PASSING.fullmatch(part) for part in inside.parts):
                found[f"{ADAPTERS}/{inside.as_posix()}"] = file
    return found


def _write(archive: tarfile.TarFile, files: dict[str, Path]) -> None:
    sums = {}
    for name, file in files.items():
        with contextlib.suppress(FileNotFoundError), file.open("rb") as content:  # a training may have swept it
            member = archive.gettarinfo(arcname=name, fileobj=content)
            member.uid = member.gid = 0
            member.uname = member.gname = ""
            data = content.read()
            member.size = len(data)
            sums[name] = hashlib.sha256(data).hexdigest()
            archive.addfile(member, fileobj=io.BytesIO(data))
    listed = json.dumps({"format": FORMAT, "made_at": time.time(), "sha256": sums}, indent=1).encode()
    member = tarfile.TarInfo(CONTENTS)
    member.size, member.mode = len(listed), 0o600
    archive.addfile(member, fileobj=io.BytesIO(listed))


def _unpack(file: Path, folder: Path) -> None:
    """Raises StoreError unless all that the archive lists is there as it was."""
    with tarfile.open(file) as archive:
        archive.extractall(folder, filter="data")
    listed = json.loads((folder / CONTENTS).read_text(encoding="utf-8"))
    if listed["format"] != FORMAT:
        raise StoreError(f"{file} was written by a newer Troupe (format {listed['format']!r}): upgrade Troupe.")
    for name, digest in listed["sha256"].items():
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
            raise StoreError(f"{file} is damaged ({name} is not as it was written): take an earlier one.")
    if DATABASE not in listed["sha256"]:
        raise StoreError(f"{file} holds no database: it is no backup of Troupe.")


def _replace_personas(staged: Path, adapters: Path) -> Path | None:
    kept = adapters / f".before-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    for persona in sorted(staged.iterdir()) if staged.exists() else ():
        here = adapters / persona.name
        if here.exists():
            kept.mkdir(mode=0o700, exist_ok=True)
            here.rename(kept / persona.name)
        shutil.move(persona, here)
    return kept if kept.exists() else None


def _put_config(staged: Path, config: Config) -> Path | None:
    """A config.toml that is here says where all this goes, so it stays; the archive's lies beside it."""
    there = config.folder / CONFIG
    target = there.with_name(f"{CONFIG}.restored") if there.exists() else there
    if not (staged / CONFIG).exists():
        return None
    shutil.copyfile(staged / CONFIG, target)
    return target


def _sync(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


@contextlib.contextmanager
def _told(file: Path) -> Iterator[None]:
    """What the file system or the archive says, as one sentence."""
    try:
        yield
    except (tarfile.TarError, EOFError, KeyError, ValueError, TypeError, AttributeError):
        raise StoreError(f"{file} is no archive that `python -m bot backup` wrote, or not all of one.") from None
    except OSError as error:
        raise StoreError(f"{file}: {error.strerror or error}: nothing was changed that is not kept beside.") from error
