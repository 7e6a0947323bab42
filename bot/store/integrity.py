"""Whether a database is whole: its pages and indexes, its schema, and the checksums of its rows.

What it says of damage names tables and pages, never what a row holds.
"""

import sqlite3
import time
from contextlib import closing
from functools import cache
from pathlib import Path

from bot.errors import StoreError
from bot.store.faults import DAMAGED
from bot.store.migrations import SEALED_SINCE, STEPS, TURNS_SINCE, check_ours, migrate, version_of
from bot.store.row_checksums import has_broken_seal, has_changed_turn, know_seals

CHECK_SECONDS = 10.0  # at a start; about ten gigabytes on a fast disk


def check_sound(connection: sqlite3.Connection, path: Path, seconds: float | None = CHECK_SECONDS) -> bool:
    """Whether all of it could be looked at within `seconds` (None: however long it takes).

    Raises StoreError when the database is damaged or not ours.
    """
    until = time.monotonic() + (float("inf") if seconds is None else seconds)
    know_seals(connection)
    connection.set_progress_handler(lambda: time.monotonic() > until, 100_000)
    try:
        check_ours(connection, path)
        _check_schema(connection, path)
        for pragma in ("quick_check(1)", "foreign_key_check", "integrity_check(1)"):
            found = connection.execute(f"PRAGMA {pragma}").fetchone()
            if found is not None and found[0] != "ok":
                raise StoreError(DAMAGED.format(path=path))
        version = version_of(connection)
        if version >= SEALED_SINCE and has_broken_seal(connection):
            raise StoreError(DAMAGED.format(path=path))
        if version >= TURNS_SINCE and has_changed_turn(connection):
            raise StoreError(DAMAGED.format(path=path))
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_INTERRUPT:
            raise
        return False
    finally:
        connection.set_progress_handler(None, 0)
    return True


def _check_schema(connection: sqlite3.Connection, path: Path) -> None:
    """Tables are what our steps made them: a byte that changed there changes what every row means."""
    version = version_of(connection)
    now, expected = _schema(connection), _schema_of(version)
    ours = expected.keys() | _schema_of(len(STEPS)).keys()  # an operator may have added an index or a view
    if version < 0 or {name: sql for name, sql in now.items() if name in ours} != expected:
        raise StoreError(DAMAGED.format(path=path))


@cache
def _schema_of(version: int) -> dict[str, str]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        migrate(fresh, STEPS[: max(version, 0)])
        return _schema(fresh)


def _schema(connection: sqlite3.Connection) -> dict[str, str]:
    """Name → SQL of each table, index and trigger."""
    return dict(connection.execute("SELECT name, coalesce(sql, '') FROM sqlite_schema").fetchall())
