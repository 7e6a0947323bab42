"""Training's view of the database: read-only, synchronous, and of one moment, while the bot goes on writing."""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from bot.errors import StoreError
from bot.store.database import BUSY_TIMEOUT_S
from bot.store.faults import primary_code, store_faults
from bot.store.feedback import VOTES_SINCE
from bot.store.integrity import check_sound
from bot.store.migrations import VERSION, version_of
from bot.store.records import RatedReply, StoredComparison, StoredCorrection, StoredReply, VersionDay
from bot.store.rows import SELECT_RATED, SELECT_REPLY, rated_reply, stored_reply

# What may train: replies of a persona with a folder, made where collection is on and was on then, with every word that
# the model read still there.
_TRAINABLE = """NOT replies.redacted AND NOT replies.server_made AND replies.collected AND NOT EXISTS (
    SELECT 1 FROM collection_off
    WHERE collection_off.guild_id = replies.guild_id
        AND collection_off.channel_id IN (0, replies.channel_id, replies.parent_channel_id))"""


def open_snapshot(path: Path) -> "Snapshot":
    """A snapshot of the database at `path`. Raises StoreError when it is absent, locked, damaged or of another schema.

    Close it (it is a context manager) before long work: the write-ahead log cannot shrink while it is open.
    """
    connection = open_read_only(path)
    try:
        with store_faults(path):
            connection.execute("BEGIN")
            check_sound(connection, path)  # its first read fixes the moment that is seen
            if (version := version_of(connection)) < VERSION:
                raise StoreError(
                    f"{path} was written by an older Troupe (schema {version}; this one reads {VERSION}): "
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

    def votes_since(self, persona: str, since: float) -> int:
        """As Store.votes_since: votes and better answers after `since` (unix seconds)."""
        [row] = self._rows(VOTES_SINCE, (persona, since))
        return int(row["votes"])

    def version_days(self, persona: str) -> list[VersionDay]:
        """The persona's votes by day and version, oldest first. Counts alone: whoever did not consent is in them."""
        rows = self._rows(
            """SELECT CAST(created_at / 86400 AS INTEGER) * 86400 AS day, adapter_number,
                count(*) FILTER (WHERE value = 1) AS up, count(*) FILTER (WHERE value = -1) AS down
            FROM replies JOIN votes ON votes.reply_id = replies.id WHERE persona = ?
            GROUP BY day, adapter_number ORDER BY day, adapter_number""",
            (persona,),
        )
        return [VersionDay(row["day"], row["adapter_number"], row["up"], row["down"]) for row in rows]

    def votes_on(self, persona: str, number: int, since: float, per_member: int) -> tuple[int, int]:
        """Likes and dislikes of what a version said since a time (unix seconds); of a member the first `per_member`."""
        [row] = self._rows(
            """SELECT count(*) FILTER (WHERE value = 1) AS up, count(*) FILTER (WHERE value = -1) AS down FROM (
                SELECT value, row_number() OVER (PARTITION BY voter_id ORDER BY voted_at, reply_id) AS place
                FROM replies JOIN votes ON votes.reply_id = replies.id
                WHERE persona = ? AND adapter_number = ? AND created_at >= ?)
            WHERE place <= ?""",
            (persona, number, since, per_member),
        )
        return row["up"], row["down"]

    def gone(self, reply_ids: Collection[int]) -> frozenset[int]:
        """Those of the replies that this database once had and that are deleted, or whose words were taken back."""
        if not reply_ids:
            return frozenset()
        there = {row["id"] for row in self._rows("SELECT id FROM replies WHERE NOT redacted AND removed_at IS NULL")}
        newest = max(
            (row["seq"] for row in self._rows("SELECT seq FROM sqlite_sequence WHERE name = 'replies'")), default=0
        )
        return frozenset(reply_id for reply_id in reply_ids if reply_id not in there and reply_id <= newest)

    def withdrawn(self, reply_ids: Collection[int]) -> frozenset[int]:
        """Which of these may train no longer: an author no longer consents, or nothing is collected there any more."""
        if not reply_ids:
            return frozenset()
        may = {
            row["id"]
            for row in self._rows(
                f"""SELECT id FROM replies WHERE {_TRAINABLE} AND NOT EXISTS (
                    SELECT 1 FROM reply_authors WHERE reply_id = replies.id
                    AND member_id NOT IN (SELECT member_id FROM consents WHERE granted))"""  # noqa: S608 - our own SQL
            )
        }
        there = {row["id"] for row in self._rows("SELECT id FROM replies WHERE removed_at IS NULL")}
        return frozenset(reply_ids) & there - may

    def consenting_members(self) -> frozenset[int]:
        """The members whose words may train personas."""
        return frozenset(row["member_id"] for row in self._rows("SELECT member_id FROM consents WHERE granted"))

    def replies(self, persona: str) -> Iterator[RatedReply]:
        """The persona's replies that may train it, with their voters, oldest first."""
        return map(
            rated_reply, self._rows(f"{SELECT_RATED} WHERE persona = ? AND {_TRAINABLE} ORDER BY id", (persona,))
        )

    def corrections(self, persona: str) -> Iterator[StoredCorrection]:
        """Members' better answers to the persona's replies, oldest first."""
        corrections = self._rows(
            f"""SELECT corrections.* FROM corrections JOIN replies ON replies.id = corrections.reply_id
            WHERE persona = ? AND {_TRAINABLE} ORDER BY corrections.id""",  # noqa: S608 - our own SQL
            (persona,),
        )
        for row in corrections:
            yield StoredCorrection(row["id"], self._reply(row["reply_id"]), row["author_id"], row["text"])

    def comparisons(self, persona: str) -> Iterator[StoredComparison]:
        """Which of two answers of the persona to one question members kept, oldest first."""
        comparisons = self._rows(
            f"""SELECT comparisons.* FROM comparisons
            JOIN replies ON replies.id = kept_reply_id JOIN replies AS other ON other.id = other_reply_id
            WHERE replies.persona = ?1 AND other.persona = ?1 AND NOT other.redacted AND other.collected
                AND {_TRAINABLE} ORDER BY compared_at, kept_reply_id""",  # noqa: S608
            (persona,),
        )
        for row in comparisons:
            yield StoredComparison(
                self._reply(row["kept_reply_id"]), self._reply(row["other_reply_id"]), row["member_id"]
            )

    def _reply(self, reply_id: int) -> StoredReply:
        [row] = self._rows(SELECT_REPLY + "WHERE id = ?", (reply_id,))
        return stored_reply(row)

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> Iterator[sqlite3.Row]:
        with store_faults(self._path):
            yield from self._connection.execute(sql, values)
