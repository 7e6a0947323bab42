"""Copies the database while the bot runs."""

import sqlite3
from contextlib import closing
from pathlib import Path

from bot.errors import StoreError
from bot.store.faults import store_faults
from bot.store.snapshot import open_read_only


def backup(path: Path, target: Path) -> None:
    """Copy the database at `path`, as of one moment, to the new file `target`. Raises StoreError; then no file is left.

    The copy is one file, whole without -wal and -shm beside it; `Store.open` takes it as it is.
    """
    with closing(open_read_only(path)) as source, store_faults(target):
        if target.exists():
            raise StoreError(f"{target} already exists: name a new file, or remove it first.")
        target.touch(mode=0o600)
        try:
            with closing(sqlite3.connect(target, isolation_level=None)) as copy:
                source.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")
        except BaseException:
            target.unlink(missing_ok=True)
            raise
