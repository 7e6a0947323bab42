"""Copies the database while the bot runs."""

import sqlite3
from contextlib import closing
from pathlib import Path

from bot.errors import StoreError
from bot.store.faults import store_faults
from bot.store.integrity import check_sound
from bot.store.snapshot import open_read_only


def backup(path: Path, target: Path) -> None:
    """Copy the database at `path`, as of one moment, to the new file `target`. Raises StoreError; then no file is left.

    The copy is one file, whole without -wal and -shm beside it; `Store.open` takes it as it is. It is sound: a damaged
    database is not copied over the memory of a good one.
    """
    if target.exists():
        raise StoreError(f"{target} already exists: name a new file, or remove it first.")
    copy_whole(path, target)


def copy_whole(path: Path, target: Path) -> None:
    """As `backup`, to a file that is known to be new."""
    with closing(open_read_only(path)) as source, store_faults(target):
        target.touch(mode=0o600, exist_ok=False)
        try:
            with closing(sqlite3.connect(target, isolation_level=None)) as copy:
                source.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")
                check_sound(copy, path, seconds=None)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
