"""What holds members' words or secrets is for the bot's user alone, whatever the umask; what was half written goes."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store import Store, backup, held
from bot.versions.registry import sweep_partials, write_atomically
from tests.store.samples import RECORD


@pytest.fixture(autouse=True)
def _everything_for_everybody() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def readable_by_others(folder: Path) -> list[str]:
    return [file.name for file in folder.rglob("*") if file.is_file() and stat.S_IMODE(file.stat().st_mode) & 0o077]


async def test_the_database_and_all_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "troupe.db"
    with held(path):
        store = await Store.open(path)
        await store.add_reply(RECORD)
        await store.event_journal.write("message edited", 1, "words")
        backup(path, tmp_path / "copy.db")
        names = {"troupe.db", "troupe.db-wal", "troupe.db-shm", "troupe.db.events", "troupe.db.lock", "copy.db"}
        assert {file.name for file in tmp_path.iterdir()} == names
        assert readable_by_others(tmp_path) == []
        await store.close()


async def test_a_database_that_was_copied_too_openly_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "troupe.db"
    await (await Store.open(path)).close()
    path.chmod(0o644)
    await (await Store.open(path)).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_is_written_at_once_or_not_at_all(tmp_path: Path) -> None:
    write_atomically(tmp_path / "report.json", "{}")
    assert readable_by_others(tmp_path) == []


def test_what_a_killed_process_left_is_swept_and_what_is_being_written_is_not(tmp_path: Path) -> None:
    old, new, other = (tmp_path / name for name in (".report.json.ab12.partial", ".x.cd34.partial", "notes.partial"))
    for file in (old, new, other):
        file.touch()
    for file in (old, other):
        os.utime(file, (0, 0))
    sweep_partials(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [new.name, other.name]
