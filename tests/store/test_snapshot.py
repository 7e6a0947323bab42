import sqlite3
from contextlib import closing

import pytest

from bot.errors import StoreError
from bot.store import Store, backup, open_snapshot
from bot.store.migrations import STEPS, VERSION, migrate
from bot.store.rows import SELECT_RATED
from tests.store.samples import ASKER, OTHER, RECORD, VOTER, a_record


async def test_a_snapshot_gives_each_reply_with_its_voters(store, path):
    liked = await store.add_reply(RECORD, [502, 501])
    await store.cast_vote(liked, VOTER, 1, "button")
    await store.cast_vote(liked, OTHER, 1, "button")
    await store.cast_vote(liked, ASKER, -1, "button")
    unrated = await store.add_reply(a_record(text="arr"))
    await store.add_reply(a_record(persona="sarcastic"))
    with open_snapshot(path) as snapshot:
        first, second = snapshot.replies("pirate")
    assert (first.id, first.record, first.message_ids) == (liked, RECORD, (501, 502))
    assert (first.likes, first.dislikes) == (frozenset({VOTER, OTHER}), frozenset({ASKER}))
    assert (second.id, second.likes, second.dislikes) == (unrated, frozenset(), frozenset())


async def test_a_snapshot_gives_corrections_with_what_they_correct(store, path):
    reply_id = await store.add_reply(RECORD)
    correction_id = await store.add_correction(reply_id, VOTER, "Paris be in France, matey.")
    await store.add_correction(await store.add_reply(a_record(persona="sarcastic")), VOTER, "Sure.")
    with open_snapshot(path) as snapshot:
        [correction] = snapshot.corrections("pirate")
    assert (correction.id, correction.author_id, correction.text) == (
        correction_id,
        VOTER,
        "Paris be in France, matey.",
    )
    assert (correction.reply.id, correction.reply.record) == (reply_id, RECORD)


async def test_a_snapshot_tells_what_personas_said_to_each_other_in_a_scene(store, path):
    asked = await store.add_reply(RECORD)
    played = await store.add_reply(a_record(source="scene"))
    with open_snapshot(path) as snapshot:
        assert {reply.id: reply.record.is_scene for reply in snapshot.replies("pirate")} == {asked: False, played: True}


async def test_only_members_who_said_yes_consent(store, path):
    await store.set_consent(ASKER, True)
    await store.set_consent(OTHER, True)
    await store.set_consent(OTHER, False)
    with open_snapshot(path) as snapshot:
        assert snapshot.consenting_members() == {ASKER}


async def test_a_snapshot_stays_as_it_was_while_the_bot_writes(store, path):
    reply_id = await store.add_reply(RECORD)
    with open_snapshot(path) as snapshot:
        await store.cast_vote(reply_id, VOTER, 1, "button")
        await store.add_reply(RECORD)
        await store.set_consent(ASKER, True)
        [reply] = snapshot.replies("pirate")
        assert (reply.likes, snapshot.consenting_members()) == (frozenset(), frozenset())
    with open_snapshot(path) as snapshot:
        assert [len(reply.likes) for reply in snapshot.replies("pirate")] == [1, 0]


async def test_a_snapshot_works_when_the_bot_is_stopped(path):
    store = await Store.open(path)
    await store.add_reply(RECORD)
    await store.close()
    with open_snapshot(path) as snapshot:
        assert len(list(snapshot.replies("pirate"))) == 1


async def test_a_snapshot_needs_no_scan_of_any_table(store, path):
    with closing(sqlite3.connect(path)) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {SELECT_RATED} WHERE persona = 'pirate' ORDER BY id").fetchall()
    scanned = {step[-1].split()[1] for step in plan if step[-1].startswith("SCAN")}
    assert scanned <= {"place", "(subquery-1)"}  # the list of a reply's own messages


def test_a_snapshot_of_nothing_says_to_run_the_bot(path):
    with pytest.raises(StoreError, match=r"troupe\.db does not exist: run the bot first"):
        open_snapshot(path)


def test_a_snapshot_of_an_older_schema_says_to_start_the_bot(tmp_path):
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, STEPS[:1])
    with pytest.raises(StoreError, match=f"older Troupe .schema 1; this one reads {VERSION}.: start the bot"):
        open_snapshot(path)


async def test_a_snapshot_of_a_newer_schema_says_to_upgrade(store, path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(StoreError, match=r"newer Troupe .*: upgrade Troupe"):
        open_snapshot(path)


async def test_a_snapshot_beside_which_sqlite_cannot_write_says_what_it_needs(path):
    await (await Store.open(path)).close()
    path.with_name("troupe.db-wal").mkdir()  # a folder in its place: what a read-only folder does to other users
    with pytest.raises(StoreError, match=r"create troupe\.db-wal and troupe\.db-shm beside it: run as"):
        open_snapshot(path)


async def test_a_backup_is_one_file_that_opens_with_everything_of_that_moment(store, path, tmp_path):
    reply_id = await store.add_reply(RECORD)
    await store.cast_vote(reply_id, VOTER, 1, "button")
    target = tmp_path / "copies" / "copy.db"
    target.parent.mkdir()
    backup(path, target)
    assert [file.name for file in target.parent.iterdir()] == ["copy.db"]
    copy = await Store.open(target)
    assert (await copy.reply(reply_id)).record == RECORD
    assert await copy.vote_of(reply_id, VOTER) == 1
    await copy.close()


async def test_a_backup_never_replaces_a_file(store, path, tmp_path):
    target = tmp_path / "precious.db"
    target.write_text("precious")
    with pytest.raises(StoreError, match=r"precious\.db already exists: name a new file"):
        backup(path, target)
    assert target.read_text() == "precious"


async def test_a_backup_that_fails_leaves_no_file(store, path, tmp_path):
    with pytest.raises(StoreError, match="missing"):
        backup(path, tmp_path / "missing" / "copy.db")
    with pytest.raises(StoreError, match="does not exist"):
        backup(tmp_path / "none.db", tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


async def test_replies_of_a_servers_own_persona_are_none_of_a_folders_persona_of_the_same_name(store, path):
    await store.save_server_persona(7, "pirate", "{}", ASKER)
    own = await store.add_reply(a_record(guild_id=7))
    await store.add_correction(own, VOTER, "Better.")
    await store.delete_server_persona(7, "pirate")
    elsewhere = await store.add_reply(a_record(guild_id=8))
    later = await store.add_reply(a_record(guild_id=7))
    with open_snapshot(path) as snapshot:
        assert [reply.id for reply in snapshot.replies("pirate")] == [elsewhere, later]
        assert list(snapshot.corrections("pirate")) == []
