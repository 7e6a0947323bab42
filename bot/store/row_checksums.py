"""A checksum in each row that matters, so that a byte that changed on the disk is never taken for what members said.

SQLite checks how its pages hang together, not what the rows in them say. Whatever the store writes is sealed by
triggers of its connection; a row from elsewhere has no seal and is taken as it is.
"""

import hashlib
import sqlite3
import zlib

# Of each table the key, and what else is sealed.
_SEALED = {
    "replies": (("id",), ("asker_id", "persona", "adapter_number", "asked", "text", "messages")),
    "votes": (("reply_id", "voter_id"), ("value", "voted_at", "reason")),
    "corrections": (("id",), ("reply_id", "author_id", "text")),
    "comparisons": (("kept_reply_id", "other_reply_id", "member_id"), ()),
    "consents": (("member_id",), ("granted",)),
    "server_personas": (("guild_id", "name"), ("card",)),
}
Value = str | bytes | int | float | None


def know_seals(connection: sqlite3.Connection) -> None:
    """Let SQL on the connection say `seal_of(…)` and `digest_of(…)`."""
    connection.create_function("seal_of", -1, seal_of, deterministic=True)
    connection.create_function("digest_of", 1, digest_of, deterministic=True)


def seal_of(*values: Value) -> int:
    """The checksum of a row's values."""
    return zlib.crc32(repr(values).encode("utf-8", "surrogatepass"))


def digest_of(message: str) -> bytes:
    """By which equal messages are found: 16 bytes of BLAKE2."""
    return hashlib.blake2b(message.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def sealing_triggers() -> list[str]:
    """SQL that makes a connection, which must know `seal_of`, seal what it writes."""
    triggers = []
    for table, (key, rest) in _SEALED.items():
        new = ", ".join(f"NEW.{column}" for column in key + rest)
        same = " AND ".join(f"{column} = NEW.{column}" for column in key)
        for event in ("INSERT", f"UPDATE OF {', '.join(key + rest)}"):
            seal = f"UPDATE {table} SET seal = seal_of({new}) WHERE {same}"  # noqa: S608 - our own names
            name = f"seal_{table}_{event.split()[0]}"
            triggers.append(f"CREATE TEMP TRIGGER {name} AFTER {event} ON main.{table} BEGIN {seal}; END")
    return triggers


def has_broken_seal(connection: sqlite3.Connection) -> bool:
    """Whether some row is not as it was written. The connection must know `seal_of`."""
    for table, (key, rest) in _SEALED.items():
        columns = ", ".join(key + rest)
        broken = f"SELECT 1 FROM {table} WHERE seal IS NOT NULL AND seal != seal_of({columns}) LIMIT 1"  # noqa: S608
        if connection.execute(broken).fetchone():
            return True
    return False


def has_changed_turn(connection: sqlite3.Connection) -> bool:
    """Whether a message is not as it was stored, or a prompt lacks one. The connection must know `digest_of`."""
    changed = "SELECT 1 FROM turns WHERE digest != digest_of(message) LIMIT 1"
    return connection.execute(changed).fetchone() is not None
