import hashlib
import sqlite3
from contextlib import closing

import pytest

from bot.store import Store, StoredMessage, open_snapshot
from bot.store.migrations import STEPS, VERSION, migrate, version_of

# One line a released step, never edited: a database in the field was made by exactly that SQL.
RELEASED = [
    "25d7a3907cdcc45f5f54f00965d4f05465c870b7c7f799bae69853b145454c60",
    "f8e9c21dcdda7155ae74e3940f1febd6232b9abeebbb45bb32cbbab8400a1eeb",
    "d9d45f93c91e705932ed354995b4a0c05c7825b88ce9d3fdb56b8e298aab224a",
    "87ad966585e993ff0b1ce784e9a7094b7134455b54622f470e9a05299cd73b85",
    "d48a4841761d0cab729ff9a6ad8376b5f3ef5abe065325bd0325d8cd2f6c0419",
    "932e48221bd8346fb2eb4ba34160540020711bf7790a4bda3c158c0846d4e88b",
    "f0db1e0e485ad79aaf9c5ad99f9e96085fc4a685e34269ab43977b6ac01a52e9",
    "f0e292a70e52dd429fcfc92004be21d1aa76028d8177bb646271bca5fa3f15b5",
    "3a6480544f72ead93818332d6759ac4b11d1e5fce957080b8ced63059195f684",
]

OLDEST_ROWS = """
INSERT INTO channels VALUES (10, 20, 'pirate', 901, 1.0);
INSERT INTO replies VALUES (
    7, 10, 20, 901, 'pirate', NULL, NULL, 'base-1',
    '[{"role":"system","content":"s","author_id":null},{"role":"user","content":"q0","author_id":902},'
    || '{"role":"assistant","content":"a0","author_id":null},{"role":"user","content":"q","author_id":901}]',
    'q', 'a', 'stop', '{"temperature":0.7}', 5, 3, 4, 0.0, NULL, 1.0, 'discord', 2.0
);
INSERT INTO reply_messages VALUES (501, 7);
INSERT INTO votes VALUES (7, 903, 1, 'button', 3.0);
"""


def connect(path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def dump(connection: sqlite3.Connection) -> list[str]:
    return list(connection.iterdump())


@pytest.fixture
def oldest(tmp_path):
    """A database as the first release left it, with data."""
    path = tmp_path / "troupe.db"
    with closing(connect(path)) as connection:
        migrate(connection, STEPS[:1])
        connection.executescript(OLDEST_ROWS)
    return path


def test_the_steps_already_released_never_change():
    assert [hashlib.sha256("\n;\n".join(step).encode()).hexdigest() for step in STEPS] == RELEASED


async def test_the_oldest_database_opens_with_all_its_data(oldest):
    store = await Store.open(oldest)
    reply = await store.reply_of_message(501)
    assert (reply.id, reply.record.asked, reply.record.text) == (7, "q", "a")
    assert reply.record.messages[1] == StoredMessage("user", "q0", 902)
    assert await store.vote_of(7, 903) == 1
    assert await store.channel_persona(10) == "pirate"
    await store.set_consent(903, True)
    await store.add_correction(7, 903, "better")
    assert not await store.auto_reply(10)
    assert [exchange.reply_id for exchange in await store.exchanges(10, "pirate", 9, since=0.0)] == [7]
    await store.close()
    with open_snapshot(oldest) as snapshot:
        assert [reply.id for reply in snapshot.replies("pirate")] == [7]


async def test_words_stored_before_the_step_that_notes_their_authors_are_exported_and_deleted_too(oldest):
    store = await Store.open(oldest)
    assert [quote["messages"] for quote in (await store.export_member(902))["quoted_in"]] == [["q0"]]
    assert await store.delete_member(902) == 1
    assert await store.reply(7) is None
    await store.close()


def test_every_older_schema_ends_in_the_same_one_as_a_new_database(tmp_path):
    schemas = set()
    for start in range(VERSION + 1):
        with closing(connect(tmp_path / f"{start}.db")) as connection:
            migrate(connection, STEPS[:start])
            migrate(connection)
            assert version_of(connection) == VERSION
            schemas.add("\n".join(dump(connection)))
    assert len(schemas) == 1


@pytest.mark.parametrize(
    "broken",
    [
        ("CREATE TABLE added (id INTEGER)", "DELETE FROM votes", "SELECT nonsense"),
        ("CREATE TABLE added (id INTEGER)", "DELETE FROM replies"),  # leaves votes without their reply
    ],
    ids=["bad SQL", "broken reference"],
)
def test_a_failing_step_leaves_everything_as_it_was_before_it(oldest, broken):
    with closing(connect(oldest)) as connection:
        migrate(connection)
        before = dump(connection)
        with pytest.raises(sqlite3.Error):
            migrate(connection, (*STEPS, broken))
        assert dump(connection) == before
        assert version_of(connection) == VERSION


def test_steps_before_the_failing_one_stay_applied(oldest):
    with closing(connect(oldest)) as connection:
        with pytest.raises(sqlite3.OperationalError):
            migrate(connection, (*STEPS, ("CREATE TABLE added (id INTEGER)",), ("SELECT nonsense",)))
        assert version_of(connection) == VERSION + 1


def test_two_processes_that_migrate_at_once_apply_each_step_once(oldest):
    with closing(connect(oldest)) as first, closing(connect(oldest)) as second:

        class AsIfBehind(tuple):
            """Steps whose first look lets the other process finish between our check and our transaction."""

            def __getitem__(self, index):
                migrate(second)
                return super().__getitem__(index)

        migrate(first, AsIfBehind(STEPS))
        assert version_of(first) == VERSION
