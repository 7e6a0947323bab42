import json

from bot.store import Store, StoredMessage, open_snapshot
from tests.store.samples import ASKER, OTHER, RECORD, VOTER, a_record

SECRET = "my-secret-hobby-is-lighthouses"


def quoting(member_id: int, text: str, **changes):
    """A reply to ASKER whose prompt holds an earlier turn of another member."""
    return a_record(messages=(StoredMessage("user", text, member_id), *RECORD.messages), **changes)


async def test_a_member_was_never_asked_until_they_answer(store):
    assert await store.consent(VOTER) is None
    await store.set_consent(VOTER, True)
    assert await store.consent(VOTER) is True
    await store.set_consent(VOTER, False)
    assert await store.consent(VOTER) is False


async def test_an_export_holds_every_kind_of_row_about_the_member_and_is_json(store):
    reply_id = await store.add_reply(a_record(created_at=5.0), [501])
    await store.cast_vote(reply_id, ASKER, -1, "button")
    await store.add_correction(reply_id, ASKER, "Paris is in France.")
    await store.set_consent(ASKER, True)
    await store.set_channel_persona(10, 20, "pirate", set_by=ASKER)
    export = json.loads(json.dumps(await store.export_member(ASKER)))
    [reply], [vote] = export["replies"], export["votes"]
    assert export["consent"]["granted"] is True
    assert (reply["asked"], reply["answered"], reply["message_ids"]) == (RECORD.asked, RECORD.text, [501])
    assert (vote["reply_id"], vote["value"]) == (reply_id, -1)
    assert [c["text"] for c in export["corrections"]] == ["Paris is in France."]
    assert [c["channel_id"] for c in export["personas_chosen"]] == [10]


async def test_an_export_holds_the_members_words_in_others_prompts_and_nobody_elses(store):
    await store.add_reply(quoting(OTHER, SECRET))
    export = await store.export_member(OTHER)
    assert [quote["messages"] for quote in export["quoted_in"]] == [[SECRET]]
    assert RECORD.asked not in json.dumps(export)
    assert SECRET not in json.dumps(await store.export_member(ASKER))


async def test_the_export_of_a_stranger_is_empty(store):
    export = await store.export_member(4)
    assert export.pop("member_id") == 4
    assert not any(export.values())


async def test_deletion_removes_every_row_about_the_member_and_no_others(store):
    asked = await store.add_reply(RECORD, [501])
    quoted = await store.add_reply(quoting(ASKER, "earlier", asker_id=OTHER))
    kept = await store.add_reply(a_record(asker_id=OTHER, messages=(StoredMessage("user", "hello", OTHER),)))
    for reply_id in (asked, kept):
        await store.cast_vote(reply_id, ASKER, 1, "button")
        await store.cast_vote(reply_id, VOTER, 1, "button")
        await store.add_correction(reply_id, ASKER, "better")
    await store.set_consent(ASKER, True)
    await store.set_consent(OTHER, True)
    await store.set_channel_persona(10, 20, "pirate", set_by=ASKER)
    touched = await store.delete_member(ASKER)
    assert touched == 2 + 2 + 2 + 1 + 1  # votes, corrections, replies, consent, the channel
    assert [await store.reply(reply_id) for reply_id in (asked, quoted)] == [None, None]
    assert await store.reply_of_message(501) is None
    assert await store.consent(ASKER) is None
    export = await store.export_member(ASKER)
    assert export.pop("member_id") == ASKER
    assert not any(export.values())
    assert (await store.votes(kept)).up == 1
    assert await store.consent(OTHER) is True
    assert await store.channel_persona(10) == "pirate"


async def test_deleting_a_stranger_touches_nothing(store):
    assert await store.delete_member(4) == 0


async def test_deleted_words_are_overwritten_in_the_file_while_the_bot_runs(store, path):
    await store.add_reply(quoting(OTHER, SECRET))
    assert any(SECRET.encode() in file.read_bytes() for file in path.parent.iterdir())
    await store.delete_member(OTHER)
    assert not any(SECRET.encode() in file.read_bytes() for file in path.parent.iterdir())


async def test_deletion_succeeds_while_training_reads_and_the_words_are_gone_after_the_close(path):
    store = await Store.open(path)
    await store.add_reply(quoting(OTHER, SECRET))
    with open_snapshot(path) as snapshot:
        assert await store.delete_member(OTHER) == 1
        assert len(list(snapshot.replies("pirate"))) == 1
    await store.close()
    assert not any(SECRET.encode() in file.read_bytes() for file in path.parent.iterdir())


async def test_who_leaves_a_server_takes_along_only_what_is_from_there(store):
    here, there = await store.add_reply(RECORD), await store.add_reply(a_record(guild_id=21))
    others = await store.add_reply(a_record(asker_id=OTHER, messages=(StoredMessage("user", "hello", OTHER),)))
    for reply_id in (there, others):
        await store.cast_vote(reply_id, ASKER, 1, "button")
    await store.add_correction(others, ASKER, "better")
    await store.set_consent(ASKER, True)
    assert await store.members_of_server(20) == sorted([ASKER, OTHER])

    await store.delete_member(ASKER, 20)

    left = await store.export_member(ASKER)
    assert [reply["id"] for reply in left["replies"]] == [there]
    assert ([vote["reply_id"] for vote in left["votes"]], left["corrections"]) == ([there], [])
    assert await store.reply(here) is None
    assert await store.consent(ASKER) is True
    assert await store.members_of_server(20) == [OTHER]


async def test_consent_goes_with_the_last_that_is_left_of_a_member(store):
    await store.cast_vote(await store.add_reply(a_record(asker_id=OTHER, messages=())), VOTER, 1, "button")
    await store.set_consent(VOTER, True)

    await store.delete_member(VOTER, 20)

    assert await store.consent(VOTER) is None
    assert await store.delete_member(VOTER, 20) == 0
