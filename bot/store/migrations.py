"""The schema, as an append-only list of steps. Each is applied once, in a transaction of its own.

A released step never changes (tests/store/test_migrations.py pins their hashes); to alter the schema, append one.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from bot.errors import StoreError
from bot.store.row_checksums import know_seals

Migration = tuple[str, ...]  # SQL statements; executescript() would commit, so that a step could not be one transaction

APPLICATION_ID = 0x54525550  # "TRUP": tells our file from another program's database

STEPS: tuple[Migration, ...] = (
    # 1: who speaks where, what was answered, what members thought of it
    (
        f"PRAGMA application_id = {APPLICATION_ID}",
        """CREATE TABLE channels (
            channel_id INTEGER PRIMARY KEY,
            guild_id INTEGER,
            persona TEXT NOT NULL,
            set_by INTEGER,
            set_at REAL NOT NULL
        ) STRICT""",
        # AUTOINCREMENT: an id is never used twice, or a vote button of a deleted reply would rate another one.
        """CREATE TABLE replies (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            channel_id INTEGER NOT NULL,
            guild_id INTEGER,
            asker_id INTEGER NOT NULL,
            persona TEXT NOT NULL,
            adapter_number INTEGER,
            adapter_sha256 TEXT,
            base_fingerprint TEXT NOT NULL,
            messages TEXT NOT NULL,
            asked TEXT NOT NULL,
            text TEXT NOT NULL,
            finish_reason TEXT NOT NULL,
            sampling TEXT NOT NULL,
            seed INTEGER NOT NULL,
            prompt_tokens INTEGER NOT NULL,
            completion_tokens INTEGER NOT NULL,
            queued_s REAL NOT NULL,
            first_token_s REAL,
            total_s REAL NOT NULL,
            source TEXT NOT NULL,
            created_at REAL NOT NULL
        ) STRICT""",
        "CREATE INDEX replies_by_conversation ON replies (channel_id, persona)",
        "CREATE INDEX replies_by_persona ON replies (persona)",
        """CREATE TABLE reply_messages (
            message_id INTEGER PRIMARY KEY,
            reply_id INTEGER NOT NULL REFERENCES replies (id) ON DELETE CASCADE
        ) STRICT""",
        "CREATE INDEX reply_messages_by_reply ON reply_messages (reply_id)",
        """CREATE TABLE votes (
            reply_id INTEGER NOT NULL REFERENCES replies (id) ON DELETE CASCADE,
            voter_id INTEGER NOT NULL,
            value INTEGER NOT NULL CHECK (value IN (1, -1)),
            source TEXT NOT NULL,
            voted_at REAL NOT NULL,
            PRIMARY KEY (reply_id, voter_id)
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX votes_by_voter ON votes (voter_id)",
    ),
    # 2: better answers, consent, conversations that start afresh, and whose words each reply's prompt holds
    (
        """CREATE TABLE corrections (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            reply_id INTEGER NOT NULL REFERENCES replies (id) ON DELETE CASCADE,
            author_id INTEGER NOT NULL,
            text TEXT NOT NULL,
            corrected_at REAL NOT NULL,
            UNIQUE (reply_id, author_id)
        ) STRICT""",
        "CREATE INDEX corrections_by_author ON corrections (author_id)",
        """CREATE TABLE consents (
            member_id INTEGER PRIMARY KEY,
            granted INTEGER NOT NULL CHECK (granted IN (0, 1)),
            answered_at REAL NOT NULL
        ) STRICT""",
        """CREATE TABLE forgets (
            channel_id INTEGER PRIMARY KEY,
            last_reply_id INTEGER NOT NULL,
            forgotten_at REAL NOT NULL
        ) STRICT""",
        """CREATE TABLE reply_authors (
            member_id INTEGER NOT NULL,
            reply_id INTEGER NOT NULL REFERENCES replies (id) ON DELETE CASCADE,
            PRIMARY KEY (member_id, reply_id)
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX reply_authors_by_reply ON reply_authors (reply_id)",
        """INSERT INTO reply_authors (member_id, reply_id)
            SELECT asker_id, id FROM replies
            UNION
            SELECT json_extract(message.value, '$.author_id'), replies.id
            FROM replies, json_each(replies.messages) AS message
            WHERE json_extract(message.value, '$.author_id') IS NOT NULL""",
    ),
    # 3: branches and second answers, words taken back, reasons, and what servers decide for themselves
    (
        "ALTER TABLE channels ADD COLUMN auto_reply INTEGER NOT NULL DEFAULT 0 CHECK (auto_reply IN (0, 1))",
        "ALTER TABLE replies ADD COLUMN asker_name TEXT",
        "ALTER TABLE replies ADD COLUMN parent_channel_id INTEGER",
        "ALTER TABLE replies ADD COLUMN asked_message_id INTEGER",
        "ALTER TABLE replies ADD COLUMN parent_reply_id INTEGER",
        "ALTER TABLE replies ADD COLUMN regenerates INTEGER",
        # Another answer to the same question is the one that was kept.
        "ALTER TABLE replies ADD COLUMN superseded INTEGER NOT NULL DEFAULT 0 CHECK (superseded IN (0, 1))",
        # The prompt no longer holds what the model read: a member edited or deleted words of it.
        "ALTER TABLE replies ADD COLUMN redacted INTEGER NOT NULL DEFAULT 0 CHECK (redacted IN (0, 1))",
        # Made where and while collection was off.
        "ALTER TABLE replies ADD COLUMN collected INTEGER NOT NULL DEFAULT 1 CHECK (collected IN (0, 1))",
        # Its words are gone; the row stays for its figures.
        "ALTER TABLE replies ADD COLUMN removed_at REAL",
        "CREATE INDEX replies_by_question ON replies (asked_message_id) WHERE asked_message_id IS NOT NULL",
        "CREATE INDEX replies_by_first ON replies (regenerates) WHERE regenerates IS NOT NULL",
        "ALTER TABLE votes ADD COLUMN reason TEXT",
        """CREATE TABLE comparisons (
            kept_reply_id INTEGER NOT NULL REFERENCES replies (id) ON DELETE CASCADE,
            other_reply_id INTEGER NOT NULL REFERENCES replies (id) ON DELETE CASCADE,
            member_id INTEGER NOT NULL,
            compared_at REAL NOT NULL,
            PRIMARY KEY (kept_reply_id, other_reply_id, member_id),
            CHECK (kept_reply_id != other_reply_id)
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX comparisons_by_other ON comparisons (other_reply_id)",
        "CREATE INDEX comparisons_by_member ON comparisons (member_id)",
        """CREATE TABLE identities (
            channel_id INTEGER PRIMARY KEY,
            guild_id INTEGER NOT NULL,
            set_by INTEGER,
            set_at REAL NOT NULL
        ) STRICT""",
        """CREATE TABLE server_personas (
            guild_id INTEGER NOT NULL,
            name TEXT NOT NULL,
            card TEXT NOT NULL,
            author_id INTEGER,
            changed_at REAL NOT NULL,
            PRIMARY KEY (guild_id, name)
        ) STRICT, WITHOUT ROWID""",
        # channel_id 0: the whole server
        """CREATE TABLE collection_off (
            guild_id INTEGER NOT NULL,
            channel_id INTEGER NOT NULL,
            set_by INTEGER,
            set_at REAL NOT NULL,
            PRIMARY KEY (guild_id, channel_id)
        ) STRICT, WITHOUT ROWID""",
    ),
    # 4: a reply has its row while it runs, with removed_at 0
    ("CREATE INDEX replies_running ON replies (created_at) WHERE removed_at = 0",),
    # 5: whose database this is
    ("CREATE TABLE owner (bot_id INTEGER PRIMARY KEY) STRICT",),
    # 6: seals, by which rows that changed on the disk are told (bot/store/row_checksums.py)
    (
        "ALTER TABLE replies ADD COLUMN seal INTEGER",
        "ALTER TABLE votes ADD COLUMN seal INTEGER",
        "ALTER TABLE corrections ADD COLUMN seal INTEGER",
        "ALTER TABLE comparisons ADD COLUMN seal INTEGER",
        "ALTER TABLE consents ADD COLUMN seal INTEGER",
        "ALTER TABLE server_personas ADD COLUMN seal INTEGER",
        "UPDATE replies SET seal = seal_of(id, asker_id, persona, adapter_number, asked, text, messages)",
        "UPDATE votes SET seal = seal_of(reply_id, voter_id, value, voted_at, reason)",
        "UPDATE corrections SET seal = seal_of(id, reply_id, author_id, text)",
        "UPDATE comparisons SET seal = seal_of(kept_reply_id, other_reply_id, member_id)",
        "UPDATE consents SET seal = seal_of(member_id, granted)",
        "UPDATE server_personas SET seal = seal_of(guild_id, name, card)",
    ),
    # 7: a reply of a persona that a server made for itself is no example for a persona of the same name in a folder
    (
        "ALTER TABLE replies ADD COLUMN server_made INTEGER NOT NULL DEFAULT 0",
        """UPDATE replies SET server_made = 1 WHERE EXISTS (
            SELECT 1 FROM server_personas
            WHERE server_personas.guild_id = replies.guild_id AND server_personas.name = replies.persona)""",
        """CREATE TRIGGER reply_of_server_made AFTER INSERT ON replies WHEN EXISTS (
            SELECT 1 FROM server_personas WHERE guild_id = NEW.guild_id AND name = NEW.persona)
        BEGIN
            UPDATE replies SET server_made = 1 WHERE id = NEW.id;
        END""",
    ),
    # 8: which messages are quoted in a reply's prompt, and how often a reply went on after its length limit
    (
        """CREATE TABLE reply_quotes (
            message_id INTEGER NOT NULL,
            reply_id INTEGER NOT NULL REFERENCES replies (id) ON DELETE CASCADE,
            PRIMARY KEY (message_id, reply_id)
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX reply_quotes_by_reply ON reply_quotes (reply_id)",
        "ALTER TABLE replies ADD COLUMN continued INTEGER NOT NULL DEFAULT 0",
    ),
    # 9: each message of the prompts is stored once; replies.messages lists its ids (bot/store/turns.py)
    (
        """CREATE TABLE turns (
            id INTEGER PRIMARY KEY,
            digest BLOB NOT NULL UNIQUE,
            message TEXT NOT NULL
        ) STRICT""",
        """CREATE TABLE reply_turns (
            turn_id INTEGER NOT NULL REFERENCES turns (id),
            reply_id INTEGER NOT NULL REFERENCES replies (id) ON DELETE CASCADE,
            PRIMARY KEY (turn_id, reply_id)
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX reply_turns_by_reply ON reply_turns (reply_id)",
        """CREATE TRIGGER turns_used AFTER UPDATE OF messages ON replies
        BEGIN
            INSERT OR IGNORE INTO reply_turns (turn_id, reply_id) SELECT value, NEW.id FROM json_each(NEW.messages);
            DELETE FROM reply_turns WHERE reply_id = NEW.id AND turn_id NOT IN (
                SELECT value FROM json_each(NEW.messages));
        END""",
        """CREATE TRIGGER turn_unused AFTER DELETE ON reply_turns
        WHEN NOT EXISTS (SELECT 1 FROM reply_turns WHERE turn_id = OLD.turn_id)
        BEGIN
            DELETE FROM turns WHERE id = OLD.turn_id;
        END""",
        "UPDATE replies SET messages = '[]', redacted = 1 WHERE NOT json_valid(messages)",
        """INSERT OR IGNORE INTO turns (digest, message)
            SELECT digest_of(message.value), message.value FROM replies, json_each(replies.messages) AS message""",
        """UPDATE replies SET messages = (SELECT json_group_array(id) FROM (
            SELECT turns.id FROM json_each(replies.messages) AS place
            JOIN turns ON turns.digest = digest_of(place.value) ORDER BY place.key))""",
        """UPDATE replies SET seal = seal_of(id, asker_id, persona, adapter_number, asked, text, messages)
            WHERE seal IS NOT NULL""",
    ),
)
TURNS_SINCE = 9
SEALED_SINCE = 6

VERSION = len(STEPS)


def migrate(connection: sqlite3.Connection, steps: Sequence[Migration] = STEPS) -> None:
    """Bring the database to the last of `steps`. A step that fails leaves everything as it was before it.

    `connection` is in autocommit mode (isolation_level None) with foreign keys off, so that a step may rebuild a table.
    """
    know_seals(connection)
    for number in range(version_of(connection) + 1, len(steps) + 1):
        _apply(connection, number, steps[number - 1])


def version_of(connection: sqlite3.Connection) -> int:
    """The number of the last step applied; 0 for an empty database."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def check_ours(connection: sqlite3.Connection, path: Path) -> None:
    """Raise StoreError unless the database is empty or Troupe's own, of this version or an older one."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if application != APPLICATION_ID and tables:
        raise StoreError(f"{path} belongs to another program: set store.path to another file.")
    version = version_of(connection)
    if version > VERSION:
        raise StoreError(
            f"{path} was written by a newer Troupe (schema {version}; this one knows {VERSION}): "
            "upgrade Troupe, or set store.path to another file."
        )


def _apply(connection: sqlite3.Connection, number: int, step: Migration) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if version_of(connection) < number:  # else another process was first
            for statement in step:
                connection.execute(statement)
            if connection.execute("PRAGMA foreign_key_check").fetchone():
                raise sqlite3.IntegrityError(f"migration {number} leaves a reference to a missing row")
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise
