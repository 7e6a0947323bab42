"""Another program holds the database: what Discord tells only once is stored all the same, also by the next process."""

import asyncio
import sqlite3
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.store import EventJournal, Store, StoredReply
from tests.waiting import PATIENCE, until
from tests.wire.stage import Stage, staged

KEPT_WORD = "quokkafish"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """One that gives up on a lock soon: what five seconds are to an operator."""
    store = await Store.open(tmp_path / "troupe.db", busy_timeout_s=0.05)
    yield store
    await store.close()


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "troupe.db.events"


def written(journal: Path) -> list[str]:
    return journal.read_text().splitlines() if journal.exists() else []


@contextmanager
def locked(tmp_path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(tmp_path / "troupe.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


async def three_events(stage: Stage) -> tuple[StoredReply, int, int]:
    """A 👍, an edited and a deleted question; the reply, and the ids of the two questions."""
    liked = await stage.answered("Is Paris in France?")
    edited, deleted = [await asked(stage, text) for text in ("What is tea?", "What is rum?")]
    return await stage.stored(liked), edited, deleted


async def asked(stage: Stage, text: str) -> int:
    reply = await stage.stored(await stage.answered(text))
    assert reply.record.asked_message_id is not None
    return reply.record.asked_message_id


async def happen(stage: Stage, liked: StoredReply, edited: int, deleted: int) -> None:
    control, where = stage.server.control, {"member": stage.mika, "channel": stage.tavern}
    await control.react(**where, message=liked.message_ids[0], emoji="👍", on=True)
    content = f"<@{stage.server.bot_id}> {KEPT_WORD}?"
    await control.edit(**where, message=edited, content=content)
    await control.delete(**where, message=deleted)


async def all_stored(stage: Stage, liked: StoredReply, edited: int, deleted: int) -> bool:
    [reply] = await stage.store.replies_asked_by(edited)
    vote = await stage.store.vote_of(liked.id, stage.mika)
    return vote == 1 and reply.record.asked == f"{KEPT_WORD}?" and not await stage.store.replies_asked_by(deleted)


async def eventually(found: Any) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await found():
            await asyncio.sleep(0.01)


async def test_events_while_the_database_is_locked_are_stored_when_it_is_free(
    stage: Stage, tmp_path: Path, journal: Path
) -> None:
    subjects = await three_events(stage)
    with locked(tmp_path):
        await happen(stage, *subjects)
        await until(lambda: len(written(journal)) == 3)
        assert stat.S_IMODE(journal.stat().st_mode) == 0o600
        assert not await all_stored(stage, *subjects)
    await eventually(lambda: all_stored(stage, *subjects))
    await until(lambda: journal.read_bytes() == b"")


async def test_the_next_process_stores_them(empty_stage: Stage, tmp_path: Path, journal: Path) -> None:
    async with staged(empty_stage) as stage:
        subjects = await three_events(stage)
        with locked(tmp_path):
            await happen(stage, *subjects)
            await until(lambda: len(written(journal)) == 3)
            await stage.close()
    assert not await all_stored(empty_stage, *subjects)
    async with staged(empty_stage):
        await eventually(lambda: all_stored(empty_stage, *subjects))
    assert journal.read_bytes() == b""


async def test_a_button_pressed_later_counts_more_than_a_reaction_that_waited(store: Store, stage: Stage) -> None:
    reply = await stage.stored(await stage.answered("Is Paris in France?"))
    await store.cast_vote(reply.id, stage.mika, -1, "button")
    assert not await store.cast_vote(reply.id, stage.mika, 1, "reaction", at=1.0)
    assert not await store.withdraw_vote(reply.id, stage.mika, at=1.0)
    assert await store.vote_of(reply.id, stage.mika) == -1


async def test_a_journal_that_a_killed_process_left_half_written_gives_its_whole_lines(journal: Path) -> None:
    first = EventJournal(journal)
    events = [await first.write("vote", number, "wörds", None) for number in range(3)]
    await first.strike(events[1])
    with journal.open("ab") as file:
        file.write(b'[4, "vote", [')
    assert await EventJournal(journal).left() == [events[0], events[2]]


async def test_what_is_written_after_a_torn_line_is_found(journal: Path) -> None:
    journal.write_bytes(b'[1, "vo')
    later = EventJournal(journal)
    assert await later.left() == []
    event = await later.write("vote", 7)
    assert await EventJournal(journal).left() == [event]
