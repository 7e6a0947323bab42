"""Whatever is broken in the file, nobody is told something wrong: one sentence with the remedy, or all is right.

Each damage is done to a copy of one small database. Then everything is read as the bot and as training read it.
"""

import asyncio
import json
import random
import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.errors import StoreError
from bot.store import Store, StoredMessage, backup, open_snapshot
from bot.store.records import ServerCard
from tests.store.samples import ASKER, OTHER, VOTER, a_record

PAGE = 4096
WORD = "quokkafish"  # in every text a member wrote


def _record(number: int) -> Any:
    asked = f"{WORD} question {number}? " + "long words " * (number % 7 * 40)
    history = tuple(StoredMessage("user", f"{WORD} before {n}", OTHER) for n in range(number % 5))
    messages = (*history, StoredMessage("user", asked, ASKER))
    return a_record(messages=messages, asked=asked, text=f"{WORD} answer {number}", asked_message_id=number)


async def _fill(path: Path) -> None:
    store = await Store.open(path)
    for number in range(1, 41):
        reply_id = await store.add_reply(_record(number), [1000 + number])
        await store.cast_vote(reply_id, VOTER + number % 3, 1 if number % 2 else -1, "button")
        if number % 4 == 0:
            await store.add_correction(reply_id, OTHER, f"{WORD} better {number}")
    await store.set_consent(OTHER, True)
    await store.set_consent(VOTER, False)
    await store.set_channel_persona(10, 20, "pirate", ASKER)
    await store.save_server_persona(20, "mine", json.dumps({"name": "mine", "text": WORD}), ASKER)
    await store.close()


async def _read_by_the_bot(path: Path) -> list[Any]:
    store = await Store.open(path, busy_timeout_s=0.05)
    try:
        replies = [await store.reply_of_message(1000 + number) for number in range(1, 41)]
        cards = [ServerCard(c.guild_id, c.name, c.card, c.author_id) for c in await store.server_personas()]
        return [
            replies,
            [await store.votes(reply.id) for reply in replies if reply is not None],
            await store.exchanges(10, "pirate", 100, since=0.0),
            await store.export_member(ASKER),
            await store.consent(OTHER),
            await store.consent(VOTER),
            cards,
        ]
    finally:
        await store.close()


def _read_by_training(path: Path) -> list[Any]:
    with open_snapshot(path) as snapshot:
        return [
            list(snapshot.replies("pirate")),
            list(snapshot.corrections("pirate")),
            snapshot.consenting_members(),
        ]


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> tuple[bytes, str, str]:
    """The database's bytes, and what the bot and training read of it."""
    path = tmp_path_factory.mktemp("whole") / "troupe.db"
    asyncio.run(_fill(path))
    content = path.read_bytes()
    return content, repr(asyncio.run(_read_by_the_bot(path))), repr(_read_by_training(path))


# ---------------------------------------------------------------- damages to bytes


def flip_one(content: bytearray, chance: random.Random) -> None:
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def flip_in_words(content: bytearray, chance: random.Random) -> None:
    places = [i for i in range(len(content)) if content.startswith(WORD.encode(), i)]
    content[chance.choice(places) + chance.randrange(len(WORD))] ^= 1 << chance.randrange(8)


def flip_many(content: bytearray, chance: random.Random) -> None:
    for _ in range(200):
        flip_one(content, chance)


def zero_a_page(content: bytearray, chance: random.Random) -> None:
    at = PAGE * chance.randrange(len(content) // PAGE)
    content[at : at + PAGE] = bytes(PAGE)


def swap_pages(content: bytearray, chance: random.Random) -> None:
    one, two = (PAGE * number for number in chance.sample(range(len(content) // PAGE), 2))
    content[one : one + PAGE], content[two : two + PAGE] = content[two : two + PAGE], content[one : one + PAGE]


def repeat_a_page(content: bytearray, chance: random.Random) -> None:
    one, two = (PAGE * number for number in chance.sample(range(len(content) // PAGE), 2))
    content[one : one + PAGE] = content[two : two + PAGE]


def cut(content: bytearray, chance: random.Random) -> None:
    del content[chance.randrange(len(content)) :]


def cut_at_a_page(content: bytearray, chance: random.Random) -> None:
    del content[PAGE * chance.randrange(1, len(content) // PAGE) :]


def zero_the_header(content: bytearray, _chance: random.Random) -> None:
    content[:100] = bytes(100)


def noise_in_the_header(content: bytearray, chance: random.Random) -> None:
    content[16 + chance.randrange(84)] = chance.randrange(256)


def another_version(content: bytearray, chance: random.Random) -> None:
    struct.pack_into(">i", content, 60, chance.choice([-1, 0, 1, 3, 5, 2**31 - 1]))


BYTES = [
    (damage, seed)
    for damage, times in [
        (flip_one, 25), (flip_in_words, 15), (flip_many, 8), (zero_a_page, 12), (swap_pages, 10), (repeat_a_page, 8),
        (cut, 8), (cut_at_a_page, 8), (zero_the_header, 1), (noise_in_the_header, 12), (another_version, 6),
    ]
    for seed in range(times)
]  # fmt: skip

# ---------------------------------------------------------------- damages to rows, by somebody's SQL

ROWS = [
    "UPDATE turns SET message = '{' WHERE id = 3",
    "UPDATE turns SET message = 'null' WHERE id = 3",
    "UPDATE replies SET messages = '[1, 2]' WHERE id = {third}",
    "UPDATE replies SET messages = '[999]' WHERE id = {third}",
    "PRAGMA foreign_keys = 0; DELETE FROM turns WHERE id = 3",
    """UPDATE turns SET message = '{"role": 1, "content": [], "author_id": "x"}' WHERE id = 3""",
    """UPDATE turns SET message = '{"role": "user"}' WHERE id = 3""",
    """UPDATE turns SET message = '{"role": "user", "content": "a", "author_id": 1, "more": 2}' WHERE id = 3""",
    "UPDATE turns SET message = replace(hex(zeroblob(5000)), '0', '[') WHERE id = 3",
    "UPDATE replies SET text = CAST(x'ff00ff' AS TEXT) WHERE id = {third}",
    "UPDATE replies SET asked = CAST(text || x'ff' AS TEXT) WHERE id = {third}",
    "UPDATE replies SET persona = CAST(x'fe' AS TEXT) WHERE id = {third}",
    "UPDATE votes SET value = -value WHERE reply_id = {third}",
    "UPDATE votes SET voter_id = 4 WHERE reply_id = {third}",
    "UPDATE consents SET granted = 1",
    "UPDATE corrections SET text = 'forged' WHERE id = 1",
    "UPDATE corrections SET author_id = 4 WHERE id = 1",
    "UPDATE server_personas SET card = '{'",
    "PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = replace(sql, 'asked', 'asket') WHERE name = 'replies'",
    "PRAGMA writable_schema = 1; UPDATE sqlite_schema SET rootpage = 2 WHERE name = 'votes'",
    "PRAGMA writable_schema = 1; DELETE FROM sqlite_schema WHERE name = 'votes_by_voter'",
    "DROP TABLE votes",
    "DROP INDEX replies_by_persona",
    "PRAGMA foreign_keys = 0; DELETE FROM replies WHERE id = {third}",
]


def what_comes(read: Callable[[Path], Any], path: Path) -> str:
    """What was read, or the refusal."""
    try:
        return repr(read(path))
    except StoreError as error:
        return f"refused: {error}"


def check(path: Path, whole: tuple[bytes, str, str], tmp_path: Path) -> None:
    for read, truth in ((_read_by_training, whole[2]), (lambda path: asyncio.run(_read_by_the_bot(path)), whole[1])):
        found = what_comes(read, path)
        if found != truth:
            assert found.startswith("refused: ")
            assert WORD not in found
            assert "\n" not in found
            assert "restore" in found or "store.path" in found
    assert WORD not in what_comes(lambda path: backup(path, tmp_path / "copy.db"), path)


@pytest.mark.parametrize(("damage", "seed"), BYTES, ids=[f"{damage.__name__}-{seed}" for damage, seed in BYTES])
def test_bytes_that_changed_are_told_or_do_no_harm(whole, damage, seed, tmp_path):
    content = bytearray(whole[0])
    damage(content, random.Random(f"{damage.__name__} {seed}"))
    path = tmp_path / "troupe.db"
    path.write_bytes(content)
    check(path, whole, tmp_path)


@pytest.mark.parametrize("sql", ROWS, ids=[sql[:60] for sql in ROWS])
def test_rows_that_the_store_never_wrote_are_told(whole, sql, tmp_path):
    path = tmp_path / "troupe.db"
    path.write_bytes(whole[0])
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        [(third,)] = connection.execute("SELECT id FROM replies ORDER BY id LIMIT 1 OFFSET 2")
        connection.executescript(sql.replace("{third}", str(third)))
    check(path, whole, tmp_path)
