"""From the first release's database to today's: tried on a copy, with a backup made first, and nothing lost."""

import sqlite3
from contextlib import closing

import pytest

from bot.errors import StoreError
from bot.store import Store, held, restore
from bot.store.migrations import STEPS, VERSION, migrate
from bot.store.upgrading import check_upgrade, schema_version, upgrade

FIRST_RELEASE = """
INSERT INTO channels VALUES (10, 20, 'pirate', 901, 1.0);
INSERT INTO replies VALUES (
    7, 10, 20, 901, 'pirate', NULL, NULL, 'base-1',
    '[{"role":"system","content":"s","author_id":null},{"role":"user","content":"q","author_id":901}]',
    'q', 'a', 'stop', '{"temperature":0.7}', 5, 3, 4, 0.0, NULL, 1.0, 'discord', 2.0
);
INSERT INTO reply_messages VALUES (501, 7);
INSERT INTO votes VALUES (7, 903, 1, 'button', 3.0);
"""


@pytest.fixture
def oldest(path):
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, STEPS[:1])
        connection.executescript(FIRST_RELEASE)
    return path


def test_a_check_says_what_would_be_done_and_does_nothing(oldest):
    before = oldest.read_bytes()
    assert check_upgrade(oldest) == (1, VERSION)
    assert oldest.read_bytes() == before
    assert [file.name for file in oldest.parent.iterdir()] == ["troupe.db"]


async def test_the_first_releases_database_is_upgraded_and_its_backup_leads_back(oldest):
    kept = await upgrade(oldest)
    assert schema_version(oldest) == VERSION
    store = await Store.open(oldest)
    reply = await store.reply_of_message(501)
    assert [message.content for message in reply.record.messages] == ["s", "q"]
    assert await store.vote_of(7, 903) == 1
    await store.close()
    assert await upgrade(oldest) is None
    assert kept
    restore(kept, oldest)
    assert schema_version(oldest) == 1


async def test_nothing_is_upgraded_under_a_running_bot(oldest):
    with held(oldest), pytest.raises(StoreError, match="in use by `bot run`"):
        await upgrade(oldest)
    assert schema_version(oldest) == 1
