"""Owns training's view of the database: read-only, synchronous, of one moment, while the bot goes on writing."""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from bot.errors import StoreError
from bot.store.faults import primary_code, store_faults
from bot.store.migrations import VERSION, check_ours, version_of
from bot.store.records import RatedReply, StoredCorrection
from bot.store.rows import SELECT_RATED, SELECT_REPLY, rated_reply, stored_reply

BUSY_TIMEOUT_S = 5.0


def open_snapshot(path: Path) -> "Snapshot":
    """A snapshot of the database at `path`. Raises StoreError when it is absent, locked, damaged or of another schema.

    Close it (it is a context manager) before long work: the write-ahead log cannot shrink while it is open.
    """
    connection = open_read_only(path)
    try:
        with store_faults(path):
            connection.execute("BEGIN")
            check_ours(connection, path)  # its first read fixes the moment that is seen
            if (version := version_of(connection)) < VERSION:
                raise StoreError(
                    f"{path} was written by an older Troupe (schema {version}, this one reads {VERSION}): "
                    "start the bot once to bring it up to date."
                )
    except BaseException:
        connection.close()
        raise
    return Snapshot(path, connection)


def open_read_only(path: Path) -> sqlite3.Connection:
    """A connection that cannot write. Raises StoreError when the file is absent or cannot be read."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with store_faults(path):
        if not path.exists():
            raise StoreError(f"{path} does not exist: run the bot first, or set store.path to the bot's database.")
        try:
            connection = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)
            connection.row_factory = sqlite3.Row
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except sqlite3.Error as error:
            if primary_code(error) not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
                raise
            raise StoreError(
                f"{path} cannot be opened for reading, which takes read access to it and the right to create "
                f"{path.name}-wal and {path.name}-shm beside it: run as the bot's user, or copy it elsewhere."
            ) from error
    return connection


class Snapshot:
    """What members said and thought at one moment. Every method streams or answers from that moment alone."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection

    def __enter__(self) -> "Snapshot":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def counts(self) -> tuple[int, int]:
        """How many replies and how many votes there are."""
        [row] = self._rows("SELECT (SELECT count(*) FROM replies) AS replies, (SELECT count(*) FROM votes) AS votes")
        return row["replies"], row["votes"]

    def consenting_members(self) -> frozenset[int]:
        """The members whose words may train personas."""
        return frozenset(row["member_id"] for row in self._rows("SELECT member_id FROM consents WHERE granted"))

    def replies(self, persona: str) -> Iterator[RatedReply]:
        """The persona's replies with their voters, oldest first."""
        return map(rated_reply, self._rows(SELECT_RATED + "WHERE persona = ? ORDER BY id", (persona,)))

    def corrections(self, persona: str) -> Iterator[StoredCorrection]:
        """Members' better answers to the persona's replies, oldest first."""
        corrections = self._rows(
            """SELECT corrections.* FROM corrections JOIN replies ON replies.id = corrections.reply_id
            WHERE persona = ? ORDER BY corrections.id""",
            (persona,),
        )
        for row in corrections:
            [reply] = self._rows(SELECT_REPLY + "WHERE id = ?", (row["reply_id"],))
            yield StoredCorrection(row["id"], stored_reply(reply), row["author_id"], row["text"])

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> Iterator[sqlite3.Row]:
        with store_faults(self._path):
            yield from self._connection.execute(sql, values)
