"""Old replies that nobody voted on go, with their prompts, and the file shrinks; what feedback needs stays."""

import sqlite3
from contextlib import closing

from bot.store import StoredMessage
from tests.store.samples import ASKER, VOTER, a_record

OLD, NEW = 1_000.0, 9_000.0


async def test_only_old_replies_without_feedback_go(store):
    old, voted, corrected, kept, other, new = [
        await store.add_reply(a_record(created_at=at)) for at in (OLD, OLD, OLD, OLD, OLD, NEW)
    ]
    second = await store.add_reply(a_record(created_at=OLD, regenerates=kept))
    await store.cast_vote(voted, VOTER, -1, "button")
    await store.add_correction(corrected, VOTER, "better")
    assert await store.drop_unvoted(before=5_000.0) == 2
    there = [n for n in (old, voted, corrected, kept, other, new, second) if await store.reply(n)]
    assert there == [voted, corrected, kept, new, second]


async def test_many_go_in_steps_and_the_file_shrinks(store, path):
    for number in range(450):
        message = StoredMessage("user", f"{number} " + "words " * 200, ASKER)
        await store.add_reply(a_record(created_at=OLD, messages=(message,), text="arr " * 200))
    before = await store.size_bytes()
    assert await store.drop_unvoted(before=5_000.0) == 450
    assert await store.size_bytes() < before / 5
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM turns").fetchone() == (0,)
