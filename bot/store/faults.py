"""Turns SQLite's failures into one sentence each for the operator, with the path and the remedy."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import StoreError

LOCKED = "{path} is locked by another program: close it (a second bot, a database browser) and try again."

DAMAGED = (
    "{path} is damaged: run `python -m bot restore FILE` with your newest backup, or move the file away to start with "
    "an empty one."
)

SENTENCES = {
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_LOCKED: LOCKED,
    sqlite3.SQLITE_READONLY: "{path} is read-only: make the file and its folder writable for the user "
    "that runs Troupe, or set store.path to another place.",
    sqlite3.SQLITE_CANTOPEN: "{path} cannot be opened: store.path must name a file in a folder that the user "
    "that runs Troupe can write to.",
    sqlite3.SQLITE_PERM: "{path} cannot be opened: give the user that runs Troupe access to it.",
    sqlite3.SQLITE_FULL: "{path} cannot grow because the disk is full: free some space; all that was stored is kept.",
    sqlite3.SQLITE_IOERR: "{path} cannot be read or written ({detail}): check the disk, its free space and quota; "
    "all that was stored is kept.",
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: "{path} is not a database: set store.path to another file, or, if it was one, run "
    "`python -m bot restore FILE` with your newest backup.",
}
FAILED_SEAL = "user-defined function raised"
UNDECODABLE = "Could not decode to UTF-8"  # Python's message goes on with what the row holds


@contextmanager
def store_faults(path: Path) -> Iterator[None]:
    """Turn SQLite's and the file system's failures into StoreError; a mistake in our SQL passes through as it is."""
    try:
        yield
    except sqlite3.Error as error:
        code = primary_code(error)
        if str(error).startswith(UNDECODABLE) or str(error).startswith(FAILED_SEAL):
            raise StoreError(DAMAGED.format(path=path)) from None
        if code not in SENTENCES:
            raise
        raise StoreError(SENTENCES[code].format(path=path, detail=error)) from error
    except UnicodeDecodeError:  # SQLite's own message quotes the damaged schema
        raise StoreError(DAMAGED.format(path=path)) from None
    except OSError as error:
        raise StoreError(
            f"{path} cannot be opened ({error.strerror}): make its folder writable, or set store.path to another place."
        ) from error


def primary_code(error: sqlite3.Error) -> int | None:
    """The result code without its extension (SQLITE_BUSY_SNAPSHOT → SQLITE_BUSY); None if SQLite gave none."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
