"""One bot for each database: the second one learns who holds it, and a killed one holds nothing."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.store import Store, backup, held, open_snapshot
from tests.store.samples import RECORD, VOTER

HOLDING = """
import asyncio, sys, time
from pathlib import Path
from bot.store import Store, held
from tests.store.samples import RECORD

async def store(path):
    store = await Store.open(path)
    await store.add_reply(RECORD)
    print("holding", flush=True)
    time.sleep(600)

with held(Path(sys.argv[1])):
    asyncio.run(store(Path(sys.argv[1])))
"""


@contextmanager
def another_bot(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the database and has stored a reply. Killed at the end, at the latest."""
    with subprocess.Popen([sys.executable, "-c", HOLDING, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "holding\n"
        try:
            yield process
        finally:
            process.kill()


def killed_bot(path: Path) -> None:
    with another_bot(path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()


def test_a_second_bot_learns_who_holds_the_database(path):
    with another_bot(path) as process, pytest.raises(StoreError) as refused, held(path):
        pass
    sentence = str(refused.value)
    assert f"in use by `bot run` (process {process.pid} on {socket.gethostname()}, since 20" in sentence
    assert "stop that one, or set store.path" in sentence


def test_a_killed_bot_holds_nothing_and_what_it_stored_is_there(path):
    killed_bot(path)
    with held(path), open_snapshot(path) as snapshot:
        assert snapshot.counts() == (1, 0)


async def test_beside_the_bot_others_copy_read_and_write(path, tmp_path):
    with another_bot(path):
        backup(path, tmp_path / "copy.db")
        with open_snapshot(path) as snapshot:
            [reply] = snapshot.replies("pirate")
        store = await Store.open(path)
        assert await store.cast_vote(reply.id, VOTER, 1, "button")
        await store.close()


def test_a_log_that_was_removed_after_a_crash_is_missed(path):
    killed_bot(path)
    path.with_name("troupe.db-wal").unlink()
    for _ in range(2):  # it does not get lost by starting once more
        with pytest.raises(StoreError, match=r"-wal is gone.*restore FILE.*or remove .*\.lock"), held(path):
            pass
    path.with_name("troupe.db.lock").unlink()
    with held(path):
        pass


async def test_a_log_that_another_program_took_in_is_not_missed(path):
    killed_bot(path)
    store = await Store.open(path)
    await store.close()
    assert not path.with_name("troupe.db-wal").exists()
    with held(path), open_snapshot(path) as snapshot:
        assert snapshot.counts() == (1, 0)


async def test_a_bot_that_stopped_by_itself_leaves_nothing_to_miss(path):
    with held(path):
        store = await Store.open(path)
        await store.add_reply(RECORD)
        await store.close()
    os.utime(path, (0, 0))
    with held(path):
        pass
