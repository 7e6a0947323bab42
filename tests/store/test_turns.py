"""What was said is stored once, whatever number of prompts repeat it, and is gone when its last reader is."""

import sqlite3
from contextlib import closing

from bot.store import Store, StoredMessage
from tests.store.samples import ASKER, OTHER, a_record

SYSTEM = StoredMessage("system", "You are a pirate.", None)


def prompt(number: int) -> tuple[StoredMessage, ...]:
    """The prompt of the conversation's nth reply: all that was said before, and a new question."""
    said = [StoredMessage("user", f"question {n}", ASKER) for n in range(number + 1)]
    return (SYSTEM, *said)


async def converse(store: Store, replies: int) -> list[int]:
    return [
        await store.add_reply(
            a_record(messages=prompt(n), asked=f"question {n}", asked_message_id=100 + n, created_at=float(n))
        )
        for n in range(replies)
    ]


def turns(path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT message FROM turns ORDER BY id")]


async def test_a_prompt_that_repeats_another_adds_its_new_words_only(store, path):
    ids = await converse(store, 20)
    assert len(turns(path)) == 21
    assert [(await store.reply(n)).record.messages for n in ids] == [prompt(n) for n in range(20)]


async def test_words_that_occur_twice_in_a_prompt_stay_twice(store):
    messages = (SYSTEM, StoredMessage("user", "hm", ASKER), StoredMessage("user", "hm", ASKER))
    reply_id = await store.add_reply(a_record(messages=messages))
    assert (await store.reply(reply_id)).record.messages == messages


async def test_deleted_words_leave_every_prompt_and_the_file(store, path):
    await converse(store, 5)
    await store.remove_asked(102)
    assert not [turn for turn in turns(path) if "question 2" in turn]
    await store.close()
    assert b"question 2" not in path.read_bytes()


async def test_edited_words_are_replaced_in_every_prompt(store, path):
    ids = await converse(store, 4)
    await store.edit_asked(101, "other words")
    assert not [turn for turn in turns(path) if "question 1" in turn]
    assert [m.content for m in (await store.reply(ids[3])).record.messages[1:]] == [
        "question 0", "other words", "question 2", "question 3",
    ]  # fmt: skip


async def test_what_no_reply_uses_is_gone_and_what_another_uses_stays(store, path):
    await store.add_reply(a_record(messages=(SYSTEM, StoredMessage("user", "mine", ASKER))))
    await store.add_reply(a_record(messages=(SYSTEM, StoredMessage("user", "theirs", OTHER)), asker_id=OTHER))
    await store.delete_member(ASKER)
    assert [turn for turn in turns(path) if "mine" in turn] == []
    assert len(turns(path)) == 2
