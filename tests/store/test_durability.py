import random
import sqlite3
import subprocess
import sys
from contextlib import closing

from bot.store import Store, open_snapshot
from bot.store.database import Database
from tests.places import REPOSITORY
from tests.store.samples import RECORD

ROUNDS = 4


def storm_until_killed(path, reply_id: int, first_voter: int, acknowledgements: int) -> dict[int, list[int]]:
    """Votes acknowledged to each voter, in order, by a process killed after about so many acknowledgements."""
    command = [sys.executable, "-m", "tests.store.vote_storm", str(path), str(reply_id), str(first_voter)]
    acknowledged: dict[int, list[int]] = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as process:
        assert process.stdout is not None
        for number, line in enumerate(process.stdout):
            if number == acknowledgements:
                process.kill()  # the loop goes on through what the pipe still holds
            voter, value = map(int, line.split())
            acknowledged.setdefault(voter, []).append(value)
    assert process.returncode == -9
    return acknowledged


async def test_no_acknowledged_vote_is_lost_when_the_process_is_killed_in_a_vote_storm(path):
    store = await Store.open(path)
    reply_id = await store.add_reply(RECORD)
    await store.close()
    acknowledged: dict[int, list[int]] = {}
    for number in range(ROUNDS):
        kill_after = random.randrange(1, 1500)
        acknowledged |= storm_until_killed(path, reply_id, 1 + number * 1_000_000, kill_after)

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    store = await Store.open(path)
    kept = {voter: await store.vote_of(reply_id, voter) for voter in acknowledged}
    await store.close()
    for voter, values in acknowledged.items():
        if len(values) == 3:
            assert kept[voter] == values[-1], voter
        else:  # killed between a commit and its acknowledgement: the voter's next vote may be in already
            assert kept[voter] in (1, -1), voter
    with open_snapshot(path) as snapshot:
        [reply] = snapshot.replies("pirate")
    assert acknowledged.keys() <= reply.likes | reply.dislikes


async def test_every_commit_waits_for_the_disk(path):
    database = await Database.open(path)
    async with database.transaction() as transaction:
        [[mode]] = await transaction.rows("PRAGMA journal_mode")
        [[synchronous]] = await transaction.rows("PRAGMA synchronous")
        [[foreign_keys]] = await transaction.rows("PRAGMA foreign_keys")
    await database.close()
    assert (mode, synchronous, foreign_keys) == ("wal", 2, 1)  # 2: FULL
