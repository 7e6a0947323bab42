"""Words that members take back."""

from bot.store import StoredMessage, open_snapshot
from tests.store.samples import ASKER, OTHER, VOTER, a_record

WORDS = "my secret is 42"


def asking(text: str, message_id: int, *before: StoredMessage, asker_id: int = ASKER, **changes):
    messages = (*before, StoredMessage("user", text, asker_id))
    return a_record(asked=text, asked_message_id=message_id, messages=messages, asker_id=asker_id, **changes)


async def prompt(store, reply_id: int) -> list[str]:
    return [message.content for message in (await store.reply(reply_id)).record.messages]


def trainable(path) -> list[int]:
    with open_snapshot(path) as snapshot:
        return [reply.id for reply in snapshot.replies("pirate")]


async def test_an_edited_message_changes_the_conversation_and_trains_nothing(store, path):
    first = await store.add_reply(asking(WORDS, 77))
    quote = StoredMessage("user", f"Alice: {WORDS}", ASKER)
    later = await store.add_reply(asking("and now?", 78, quote, asker_id=OTHER))
    whole = await store.add_reply(asking("Hello", 79))
    assert await store.edit_asked(77, "my secret is safe") == 1
    [oldest, *_] = await store.exchanges(10, "pirate", 9, since=0.0)
    assert oldest.asked == "my secret is safe"
    assert await prompt(store, first) == ["my secret is safe"]
    assert await prompt(store, later) == ["Alice: my secret is safe", "and now?"]
    assert trainable(path) == [whole]


async def test_an_edit_that_changes_nothing_leaves_the_reply_trainable(store, path):
    first = await store.add_reply(asking(WORDS, 77))
    assert await store.edit_asked(77, WORDS) == 1
    assert await store.edit_asked(78, "a stranger") == 0
    assert trainable(path) == [first]


async def test_words_that_only_end_alike_are_left_alone(store, path):
    await store.add_reply(asking("no", 77))
    later = await store.add_reply(asking("oh no", 78, StoredMessage("user", "no", OTHER)))
    await store.edit_asked(77, "yes")
    assert await prompt(store, later) == ["no", "oh no"]
    assert trainable(path) == [later]


async def test_a_deleted_message_takes_its_words_along_everywhere(store, path):
    first = await store.add_reply(asking(WORDS, 77), [501])
    again = await store.add_reply(asking(WORDS, 77, regenerates=first))
    later = await store.add_reply(asking("and now?", 78, StoredMessage("user", WORDS, ASKER)))
    await store.cast_vote(first, VOTER, 1, "button")
    await store.add_correction(first, VOTER, f"You said {WORDS}.")
    assert await store.remove_asked(77) == 2
    assert [await store.reply(reply_id) for reply_id in (first, again)] == [None, None]
    assert await store.reply_of_message(501) is None
    assert [e.reply_id for e in await store.exchanges(10, "pirate", 9, since=0.0)] == [later]
    assert await prompt(store, later) == ["", "and now?"]
    assert trainable(path) == []
    assert not any(WORDS.encode() in file.read_bytes() for file in path.parent.iterdir())
    assert await store.remove_asked(77) == 0
    assert await store.edit_asked(77, "again") == 0


async def test_a_removed_reply_is_found_no_more_and_its_votes_stay_as_figures(store, path):
    reply_id = await store.add_reply(asking(WORDS, 77), [501])
    await store.cast_vote(reply_id, VOTER, -1, "button")
    assert await store.remove_reply(reply_id)
    assert not await store.remove_reply(reply_id)
    assert await store.reply_of_message(501) is None
    assert await store.replies_asked_by(77) == []
    assert not await store.cast_vote(reply_id, OTHER, 1, "button")
    assert (await store.statistics("pirate")).votes.down == 1
    assert trainable(path) == []


async def test_a_chain_passes_over_a_removed_reply(store):
    a = await store.add_reply(asking("a", 1))
    b = await store.add_reply(asking("b", 2))
    c = await store.add_reply(asking("c", 3, parent_reply_id=b))
    await store.remove_reply(b)
    assert [exchange.reply_id for exchange in await store.chain(c, 9)] == [a, c]
