"""Puts a backup in the place of the database, once it is known to be sound, and keeps what was there."""

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from bot.errors import StoreError
from bot.posix import sync_folder
from bot.store.backup import copy_whole
from bot.store.database_lock import exclusive
from bot.store.faults import store_faults
from bot.store.integrity import check_sound
from bot.store.migrations import check_ours
from bot.store.snapshot import open_read_only


def restore(file: Path, path: Path) -> Path | None:
    """Let the database at `path` be a copy of `file`; where the old one is now, or None where there was none.

    Raises StoreError, and changes nothing, when `file` is not a sound Troupe database or `path` is in use.
    """
    if not file.is_file():
        raise StoreError(f"{file} is no file: name a backup that `python -m bot backup` wrote.")
    if path.exists() and file.samefile(path):
        raise StoreError(f"{file} is the database itself: name a backup of it.")
    with exclusive(path, "bot restore"):
        return replace_database(file, path)


def replace_database(file: Path, path: Path) -> Path | None:
    """As `restore`, for whoever holds the database already."""
    with store_faults(path):
        staged = path.with_name(f"{path.name}.restoring")
        staged.unlink(missing_ok=True)
        try:
            _stage(file, staged)
            kept = _set_aside(path) if path.exists() else None
            _without_logs(path)
            staged.replace(path)
            sync_folder(path.parent)
        finally:
            staged.unlink(missing_ok=True)
    return kept


def check_backup(file: Path) -> None:
    """Raise StoreError unless `file` is a sound database of this Troupe or an older one."""
    with closing(open_read_only(file)) as source, store_faults(file):
        check_ours(source, file)
        if not source.execute("PRAGMA application_id").fetchone()[0]:
            raise StoreError(f"{file} is not a backup: it holds nothing.")
        check_sound(source, file, seconds=None)


def _stage(file: Path, staged: Path) -> None:
    check_backup(file)
    copy_whole(file, staged)


def _set_aside(path: Path) -> Path:
    """Give the old database a second name that says when; with the log that belongs to it."""
    _take_log_in(path)
    kept = path.with_name(f"{path.name}.before-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
    if kept.exists():
        raise StoreError(f"{kept} is there already: wait a second and try again.")
    os.link(path, kept)
    log = path.with_name(f"{path.name}-wal")
    if log.exists():
        log.replace(kept.with_name(f"{kept.name}-wal"))
    return kept


def _take_log_in(path: Path) -> None:
    """Make the old file whole where that still can be done. Raises StoreError when another program has it open."""
    try:
        with closing(sqlite3.connect(path, timeout=0.0, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise


def _without_logs(path: Path) -> None:
    for ending in ("-wal", "-shm", "-journal"):
        path.with_name(f"{path.name}{ending}").unlink(missing_ok=True)
