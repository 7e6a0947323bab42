"""A backup is put back whole or not at all, never under a running bot, and what was there is kept."""

import sqlite3
import stat
from contextlib import closing

import pytest

from bot.errors import StoreError
from bot.store import Store, backup, held, open_snapshot, restore
from bot.store.migrations import VERSION
from tests.store.samples import RECORD, VOTER


@pytest.fixture
async def backed_up(path, tmp_path):
    """A backup with one vote; the database itself went on to two replies."""
    store = await Store.open(path)
    await store.cast_vote(await store.add_reply(RECORD), VOTER, 1, "button")
    backup(path, tmp_path / "good.db")
    await store.add_reply(RECORD)
    await store.close()
    return tmp_path / "good.db"


def counted(path) -> tuple[int, int]:
    with open_snapshot(path) as snapshot:
        return snapshot.counts()


async def test_the_backup_speaks_and_the_old_file_is_kept_with_the_time(path, backed_up):
    kept = restore(backed_up, path)
    assert counted(path) == (1, 1)
    assert kept.name.startswith("troupe.db.before-20")
    assert counted(kept) == (2, 1)
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(kept.stat().st_mode) == 0o600


@pytest.mark.parametrize("destroyed", ["absent", "zeros", "half"])
async def test_whatever_became_of_the_database_the_backup_takes_its_place(path, backed_up, destroyed):
    content = path.read_bytes()
    path.unlink()
    if destroyed != "absent":
        path.write_bytes(bytes(5000) if destroyed == "zeros" else content[: len(content) // 2])
    path.with_name("troupe.db-wal").write_bytes(b"of another file" * 1000)
    path.with_name("troupe.db-shm").write_bytes(bytes(32768))
    restore(backed_up, path)
    store = await Store.open(path)
    assert await store.counts() == (1, 1)
    await store.close()
    assert not path.with_name("troupe.db-wal").exists()


async def test_a_running_bot_keeps_its_database(path, backed_up):
    with held(path), pytest.raises(StoreError, match=r"is in use by `bot run`"):
        restore(backed_up, path)
    assert counted(path) == (2, 1)


async def test_a_program_that_has_the_database_open_keeps_it(path, backed_up):
    store = await Store.open(path)
    with pytest.raises(StoreError, match="is locked by another program"):
        restore(backed_up, path)
    assert len(await store.exchanges(10, "pirate", limit=9, since=0.0)) == 2
    await store.close()


@pytest.mark.parametrize("wrong", ["absent", "empty", "text", "foreign", "newer", "cut", "flipped", "itself"])
async def test_what_is_no_sound_backup_replaces_nothing(path, backed_up, wrong):
    spoil(backed_up, wrong)
    with pytest.raises(StoreError) as refused:
        restore(path if wrong == "itself" else backed_up, path)
    assert "\n" not in str(refused.value)
    assert {file.name for file in path.parent.iterdir()} <= {"troupe.db", "troupe.db.lock"}
    assert counted(path) == (2, 1)


def spoil(file, how: str) -> None:
    content = file.read_bytes()
    contents = {"empty": b"", "text": b"my diary\n" * 900, "cut": content[:-4096]}
    if how in contents:
        file.write_bytes(contents[how])
    elif how == "absent":
        file.unlink()
    elif how == "flipped":
        file.write_bytes(content.replace(b"CREATE TABLE votes", b"CREATE TABLE voles"))
    elif how == "foreign":
        file.unlink()
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("CREATE TABLE precious (diary TEXT)")
    elif how == "newer":
        with closing(sqlite3.connect(file)) as connection:
            connection.execute(f"PRAGMA user_version = {VERSION + 1}")
