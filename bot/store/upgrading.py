"""Brings a database of an earlier version up to date, after trying it on a copy and keeping that as a backup."""

import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path

from bot.errors import StoreError
from bot.store.backup import copy_whole
from bot.store.database import Database
from bot.store.database_lock import exclusive
from bot.store.faults import store_faults
from bot.store.integrity import check_sound
from bot.store.migrations import VERSION, migrate, version_of
from bot.store.snapshot import open_read_only


def schema_version(path: Path) -> int:
    """Raises StoreError for a file that is damaged or not ours."""
    with closing(open_read_only(path)) as connection, store_faults(path):
        check_sound(connection, path)
        return version_of(connection)


def check_upgrade(path: Path) -> tuple[int, int]:
    """Upgrade a copy, look it through and remove it; the schema now and then. Raises StoreError when that fails."""
    now = schema_version(path)
    trial = path.with_name(f"{path.name}.trial")
    trial.unlink(missing_ok=True)
    try:
        copy_whole(path, trial)
        with store_faults(path), closing(sqlite3.connect(trial, isolation_level=None)) as connection:
            migrate(connection)
            check_sound(connection, path, seconds=None)
    except sqlite3.Error as error:
        raise StoreError(f"{path} cannot be upgraded ({type(error).__name__}): it stays as it is.") from None
    finally:
        with suppress(OSError):
            trial.unlink(missing_ok=True)
    return now, VERSION


async def upgrade(path: Path) -> Path | None:
    """Bring the database up to date; the backup made before, or None when there was nothing to do."""
    with exclusive(path, "bot migrate"):
        now, then = check_upgrade(path)
        if now == then:
            return None
        kept = path.with_name(f"{path.name}.schema-{now}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
        copy_whole(path, kept)
        await (await Database.open(path)).close()
    return kept
