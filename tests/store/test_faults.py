"""What can go wrong with the file: each is one sentence with the path and the remedy, and nothing stored is lost."""

import asyncio
import resource
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from bot.errors import StoreError
from bot.store import Store, open_snapshot
from bot.store.database import Database
from bot.store.faults import store_faults
from bot.store.migrations import STEPS, VERSION, migrate, version_of
from tests.store.samples import RECORD, VOTER, a_record


@contextmanager
def lock(path, kind: str = "IMMEDIATE") -> Iterator[None]:
    """Another program holds the database."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"BEGIN {kind}")
        yield


async def refused(path, *words: str) -> None:
    with pytest.raises(StoreError) as caught:
        await Store.open(path, busy_timeout_s=0.05)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert all(word in sentence for word in words), sentence
    assert "\n" not in sentence


async def test_the_folder_and_the_file_are_created_for_the_bots_user_alone(path):
    await (await Store.open(path)).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_vote_while_another_program_holds_the_lock_is_refused_and_the_next_one_counts(store, path):
    reply_id = await store.add_reply(RECORD)
    await store.cast_vote(reply_id, VOTER, 1, "button")
    with lock(path):
        with pytest.raises(StoreError, match=r"troupe\.db is locked by another program: close it"):
            await store.cast_vote(reply_id, VOTER, -1, "button")
        assert await store.vote_of(reply_id, VOTER) == 1
    assert await store.cast_vote(reply_id, VOTER, -1, "button") is True


async def test_a_lock_shorter_than_the_patience_is_waited_for(path):
    store = await Store.open(path, busy_timeout_s=30.0)
    reply_id = await store.add_reply(RECORD)
    with lock(path):
        vote = asyncio.create_task(store.cast_vote(reply_id, VOTER, 1, "button"))
        await asyncio.sleep(0.05)
        assert not vote.done()
    assert await vote is True
    await store.close()


async def test_a_new_database_held_by_another_program_is_refused(path):
    path.parent.mkdir()
    with lock(path, "EXCLUSIVE"):
        await refused(path, "is locked by another program")


async def test_an_old_database_held_by_another_program_is_refused_and_stays_as_it_was(path):
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        migrate(connection, STEPS[:1])
        with lock(path):
            await refused(path, "is locked by another program")
        assert version_of(connection) == 1


async def test_a_file_from_a_newer_troupe_is_refused_and_stays_as_it_was(path):
    await (await Store.open(path)).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = path.read_bytes()
    await refused(path, f"newer Troupe (schema {VERSION + 1}; this one knows {VERSION})", "upgrade Troupe")
    assert path.read_bytes() == before


async def test_another_programs_database_is_refused_and_stays_as_it_was(path):
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE replies (precious TEXT)")
    before = path.read_bytes()
    await refused(path, "belongs to another program", "set store.path")
    assert path.read_bytes() == before


async def test_a_file_that_is_no_database_is_refused_and_stays_as_it_was(path):
    path.parent.mkdir()
    path.write_text("my diary\n" * 1000)
    await refused(path, "is not a database", "set store.path")
    assert path.read_text() == "my diary\n" * 1000


async def test_a_folder_in_the_place_of_the_file_is_refused(path):
    path.mkdir(parents=True)
    await refused(path, "cannot be opened", "store.path must name a file")


async def test_a_file_in_the_place_of_the_folder_is_refused(path):
    path.parent.write_text("")
    await refused(path, "cannot be opened", "set store.path to another place")


async def read(path, reply_id: int) -> None:
    store = await Store.open(path)
    try:
        await store.reply(reply_id)
    finally:
        await store.close()


async def test_a_damaged_file_is_named_when_it_is_read(path):
    store = await Store.open(path)
    for number in range(50):
        await store.add_reply(a_record(text="arr " * 500), [number])
    await store.close()
    content = bytearray(path.read_bytes())
    content[4096 * 2 :] = b"\xff" * (len(content) - 4096 * 2)  # the header and the schema stay
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"is damaged: run `.* restore FILE`"):
        await read(path, reply_id=25)
    with (
        pytest.raises(StoreError, match=r"is damaged: run `.* restore FILE`"),
        open_snapshot(path) as snapshot,
    ):
        list(snapshot.replies("pirate"))


async def test_a_read_only_database_says_so(path):
    await (await Store.open(path)).close()
    uri = f"{path.as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(uri, uri=True)) as connection,
        pytest.raises(StoreError, match=r"is read-only: make the file and its folder writable"),
        store_faults(path),
    ):
        connection.execute("DELETE FROM votes")


async def fill(store: Store, acknowledged: list[int]) -> None:
    for _ in range(10_000):
        acknowledged.append(await store.add_reply(a_record(text="arr " * 1000)))


async def test_a_full_disk_refuses_the_reply_and_keeps_what_was_stored(path):
    database = await Database.open(path)
    async with database.transaction() as transaction:
        [[pages]] = await transaction.rows("PRAGMA page_count")
        await transaction.rows(f"PRAGMA max_page_count = {pages + 20}")
    store = Store(database)
    acknowledged: list[int] = []
    with pytest.raises(StoreError, match="disk is full: free some space; all that was stored is kept"):
        await fill(store, acknowledged)
    assert 0 < len(acknowledged) == len(await store.exchanges(10, "pirate", limit=10_000, since=0.0))
    await store.close()


async def test_a_disk_quota_refuses_the_reply_keeps_what_was_stored_and_recovers(path):
    store = await Store.open(path)
    acknowledged: list[int] = []
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    try:
        with pytest.raises(StoreError, match=r"check the disk, its free space and quota; all that was stored is kept"):
            await fill(store, acknowledged)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert 0 < len(acknowledged) == len(await store.exchanges(10, "pirate", limit=10_000, since=0.0))
    assert await store.add_reply(RECORD) > acknowledged[-1]
    await store.close()


async def test_a_closed_store_says_that_troupe_is_stopping(path):
    store = await Store.open(path)
    await store.close()
    await store.close()
    for use in (store.votes(1), store.cast_vote(1, 1, 1, "button")):
        with pytest.raises(StoreError, match="closed because Troupe is stopping"):
            await use


def test_a_mistake_in_our_sql_is_not_blamed_on_the_operator(path):
    with (
        closing(sqlite3.connect(":memory:")) as connection,
        pytest.raises(sqlite3.OperationalError),
        store_faults(path),
    ):
        connection.execute("SELECT nonsense")
