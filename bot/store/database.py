"""Connections to the file: one that writes, one transaction at a time, and one that only reads.

Knows the file's durability and its failures; nothing of what the tables mean.
"""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

import aiosqlite

from bot.errors import StoreError
from bot.store.database_lock import note_commit
from bot.store.erasures import Erasures
from bot.store.faults import store_faults
from bot.store.integrity import check_sound
from bot.store.migrations import migrate
from bot.store.row_checksums import digest_of, seal_of, sealing_triggers

log = logging.getLogger(__name__)

BUSY_TIMEOUT_S = 5.0


class Transaction:
    """The statements of one transaction: committed together, or not at all."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def rows(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        return list(await self._connection.execute_fetchall(sql, values))

    async def change(self, sql: str, values: Sequence[Any] = ()) -> int:
        """The number of rows inserted, updated or deleted (those that a foreign key takes along not counted)."""
        cursor = await self._connection.execute(sql, values)
        return cursor.rowcount

    async def change_many(self, sql: str, values: Iterable[Sequence[Any]]) -> None:
        await self._connection.executemany(sql, values)


class Database:
    def __init__(self, path: Path, writer: aiosqlite.Connection, reader: aiosqlite.Connection) -> None:
        self.path = path
        self.erasures = Erasures()
        self._writer = writer
        self._reader = reader
        self._writing = asyncio.Lock()
        self._closed = False

    @classmethod
    async def open(cls, path: Path, busy_timeout_s: float = BUSY_TIMEOUT_S) -> "Database":
        """Create folder and file where they are missing, and migrate. Raises StoreError."""
        with store_faults(path):
            await asyncio.to_thread(_prepare, path, busy_timeout_s)
            async with AsyncExitStack() as stack:
                writer, reader = (
                    await _connect(path, busy_timeout_s, stack),
                    await _connect(path, busy_timeout_s, stack),
                )
                # Durable at every commit, also through a power cut: in WAL mode the default, NORMAL, is not.
                await writer.execute("PRAGMA synchronous = FULL")
                await writer.execute("PRAGMA foreign_keys = ON")
                # What is deleted is overwritten, for the members who ask for it.
                await writer.execute("PRAGMA secure_delete = ON")
                await writer.create_function("seal_of", -1, seal_of, deterministic=True)
                await writer.create_function("digest_of", 1, digest_of, deterministic=True)
                for trigger in sealing_triggers():
                    await writer.execute(trigger)
                await reader.execute("PRAGMA query_only = ON")
                stack.pop_all()
        return cls(path, writer, reader)

    async def rows(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Read committed rows, never waiting for a write."""
        with store_faults(self.path):
            self._check_open()
            return list(await self._reader.execute_fetchall(sql, values))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Committed to disk when the block ends; rolled back when it raises or is cancelled.

        Cancelled while it commits, it may be either, but it is never half done: each statement is queued to the
        connection's thread in order, and a rollback after a commit finds nothing to undo.
        """
        async with self._writing:
            with store_faults(self.path):
                self._check_open()
                try:
                    await self._writer.execute("BEGIN IMMEDIATE")
                    yield Transaction(self._writer)
                    await self._writer.commit()
                    note_commit(self.path)
                except BaseException:
                    await self._writer.rollback()
                    raise

    async def shrink(self, step_pages: int) -> None:
        """Give free pages back to the disk, `step_pages` at a time. An earlier version's file stays large."""
        with store_faults(self.path):
            while True:
                async with self._writing:
                    self._check_open()
                    [[free]] = await self._writer.execute_fetchall("PRAGMA freelist_count")
                    await self._writer.execute_fetchall(f"PRAGMA incremental_vacuum({step_pages})")
                    [[left]] = await self._writer.execute_fetchall("PRAGMA freelist_count")
                if left == 0 or left == free:
                    return

    async def scrub(self) -> None:
        """Empty the write-ahead log, where deleted rows linger. While a snapshot reads it, that waits for `close`."""
        async with self._writing:
            with store_faults(self.path):
                self._check_open()
                [[timeout_ms]] = await self._writer.execute_fetchall("PRAGMA busy_timeout")
                try:
                    await self._writer.execute("PRAGMA busy_timeout = 0")
                    await self._writer.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
                finally:
                    await self._writer.execute(f"PRAGMA busy_timeout = {timeout_ms}")

    async def close(self) -> None:
        """Wait for the running transaction, then close. Closing twice is harmless; any other use after it raises."""
        async with self._writing:
            if not self._closed:
                self._closed = True
                with store_faults(self.path):
                    await self._reader.close()
                    await self._writer.close()

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(f"{self.path} is closed because Troupe is stopping: start it again.")


def _prepare(path: Path, busy_timeout_s: float) -> None:
    """Make `path` a Troupe database of this version, in WAL mode, that other users of the machine cannot read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)
    keep_private(path, *(path.with_name(f"{path.name}{ending}") for ending in ("-wal", "-shm")))
    with closing(sqlite3.connect(path, timeout=busy_timeout_s, isolation_level=None)) as connection:
        if not check_sound(connection, path):
            log.info("%s is too large to be checked completely at every start; no damage was found so far", path)
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # counts for a new file only
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            raise StoreError(f"{path} is on a file system without shared memory: set store.path to a local disk.")
        migrate(connection)


async def _connect(path: Path, busy_timeout_s: float, stack: AsyncExitStack) -> aiosqlite.Connection:
    connection = await stack.enter_async_context(aiosqlite.connect(path, timeout=busy_timeout_s, isolation_level=None))
    connection.row_factory = sqlite3.Row
    return connection


def keep_private(*files: Path) -> None:
    """Take away from other users of the machine what an older version or a copy gave them."""
    for file in files:
        with suppress(FileNotFoundError):
            if (mode := file.stat().st_mode & 0o777) & 0o077 and file.is_file():
                file.chmod(mode & 0o700)
