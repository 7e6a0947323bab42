"""What servers decide for themselves, and the figures."""

import pytest

from bot.store import WHOLE_SERVER, open_snapshot
from bot.store.statistics import percentiles
from tests.store.samples import ASKER, OTHER, RECORD, VOTER, a_record


def trainable(path) -> list[int]:
    with open_snapshot(path) as snapshot:
        return [reply.id for reply in snapshot.replies("pirate")]


async def test_a_server_persona_is_saved_changed_and_deleted(store):
    await store.save_server_persona(20, "wizard", '{"a": 1}', ASKER)
    await store.save_server_persona(20, "wizard", '{"a": 2}', OTHER)
    await store.save_server_persona(21, "wizard", "{}", OTHER)
    assert [(p.guild_id, p.card, p.author_id) for p in await store.server_personas()] == [
        (20, '{"a": 2}', ASKER),
        (21, "{}", OTHER),
    ]
    await store.set_channel_persona(10, 20, "wizard", set_by=1)
    assert await store.delete_server_persona(20, "wizard")
    assert not await store.delete_server_persona(20, "wizard")
    assert await store.channel_persona(10) is None
    assert [p.guild_id for p in await store.server_personas()] == [21]


@pytest.mark.parametrize("where", [WHOLE_SERVER, 10])
async def test_nothing_trains_where_collection_is_off_nor_what_was_said_then(store, path, where):
    before = await store.add_reply(RECORD)
    direct = await store.add_reply(a_record(guild_id=None, channel_id=12))
    await store.set_collection(20, where, ASKER, on=False)
    assert await store.collection_off(20) == {where}
    during = await store.add_reply(RECORD)
    thread = await store.add_reply(a_record(channel_id=11, parent_channel_id=10))
    assert trainable(path) == [direct]
    await store.set_collection(20, where, ASKER, on=True)
    assert trainable(path) == [before, direct]
    assert during not in trainable(path)
    assert thread not in trainable(path)


async def test_switching_collection_off_in_one_channel_leaves_the_others_alone(store, path):
    await store.set_collection(20, 10, ASKER, on=False)
    kept = await store.add_reply(a_record(channel_id=11))
    assert trainable(path) == [kept]


async def test_a_snapshot_gives_comparisons_between_trainable_answers(store, path):
    first = await store.add_reply(RECORD)
    second = await store.add_reply(a_record(text="Aye, France!", regenerates=first))
    await store.add_comparison(second, first, VOTER)
    with open_snapshot(path) as snapshot:
        [comparison] = snapshot.comparisons("pirate")
        assert list(snapshot.comparisons("sarcastic")) == []
    assert (comparison.kept.id, comparison.other.id, comparison.member_id) == (second, first, VOTER)
    assert comparison.kept.record.text == "Aye, France!"
    await store.remove_reply(first)
    with open_snapshot(path) as snapshot:
        assert list(snapshot.comparisons("pirate")) == []


async def test_everything_a_member_decided_is_exported_and_let_go_of(store):
    first = await store.add_reply(a_record(asker_id=OTHER, messages=()))
    second = await store.add_reply(a_record(asker_id=OTHER, messages=(), regenerates=first))
    await store.cast_vote(first, ASKER, -1, "button")
    await store.set_vote_reason(first, ASKER, "rude")
    await store.add_comparison(second, first, ASKER)
    await store.save_server_persona(20, "wizard", "{}", ASKER)
    await store.set_identity(10, 20, ASKER, on=True)
    await store.set_collection(20, WHOLE_SERVER, ASKER, on=False)
    export = await store.export_member(ASKER)
    assert export["votes"][0]["reason"] == "rude"
    for kind in ("comparisons", "personas_made", "identities_set", "collection_switched_off"):
        assert len(export[kind]) == 1, kind
    assert await store.delete_member(ASKER) == 5
    assert not any(value for key, value in (await store.export_member(ASKER)).items() if key != "member_id")
    assert [persona.author_id for persona in await store.server_personas()] == [None]
    assert await store.collection_off(20) == {WHOLE_SERVER}
    assert await store.has_identity(10)


async def test_a_server_that_is_left_leaves_nothing_behind(store, path):
    gone, kept = await store.add_reply(RECORD), await store.add_reply(a_record(guild_id=21, channel_id=11))
    for guild_id, channel_id in ((20, 10), (21, 11)):
        await store.set_channel_persona(channel_id, guild_id, "pirate", set_by=1)
        await store.set_identity(channel_id, guild_id, 1, on=True)
        await store.save_server_persona(guild_id, "wizard", "{}", 1)
    assert await store.delete_server(20) == 4
    assert (await store.reply(gone), (await store.reply(kept)).id) == (None, kept)
    assert (await store.has_identity(10), await store.has_identity(11)) == (False, True)
    assert [persona.guild_id for persona in await store.server_personas()] == [21]


async def test_a_reason_belongs_to_a_dislike_and_goes_with_it(store):
    reply_id = await store.add_reply(RECORD)
    assert not await store.set_vote_reason(reply_id, VOTER, "rude")
    await store.cast_vote(reply_id, VOTER, -1, "button")
    assert await store.set_vote_reason(reply_id, VOTER, "rude")
    assert (await store.statistics()).reasons == {"rude": 1}
    await store.cast_vote(reply_id, VOTER, 1, "button")
    await store.cast_vote(reply_id, VOTER, -1, "button")
    assert (await store.statistics()).reasons == {}


async def test_statistics_by_day_and_version(store):
    for number, (day, version) in enumerate([(0, None), (1, 1), (1, 2), (1, 2)]):
        reply_id = await store.add_reply(
            a_record(created_at=86_400.0 * day + 5, adapter_number=version, first_token_s=number / 10, total_s=1.0)
        )
        await store.cast_vote(reply_id, VOTER, 1 if version == 2 else -1, "button")
        await store.cast_vote(reply_id, OTHER, 1, "button")
    await store.add_reply(a_record(persona="sarcastic", guild_id=21))
    figures = await store.statistics("pirate", 20)
    assert [(day.key, day.replies, day.up, day.down) for day in figures.days] == [(0, 1, 1, 1), (86_400, 3, 5, 1)]
    assert [(v.key, v.replies, v.share) for v in figures.versions] == [(None, 1, 0.5), (1, 1, 0.5), (2, 2, 1.0)]
    assert (figures.replies, figures.votes.up, figures.votes.down) == (4, 6, 2)
    assert (figures.first_token_s, figures.total_s) == ({50: 0.1, 95: 0.3}, {50: 1.0, 95: 1.0})
    assert (await store.statistics("pirate", 20, since=86_400.0)).replies == 3
    assert (await store.statistics()).replies == 5
    nothing = await store.statistics("nobody")
    assert (nothing.replies, nothing.days, nothing.total_s) == (0, (), {})
    assert await store.counts() == (5, 8)
    assert await store.size_bytes() > 0


def test_percentiles_are_values_that_occurred():
    assert percentiles([3.0, 1.0, 2.0, 4.0]) == {50: 2.0, 95: 4.0}
    assert percentiles([7.0]) == {50: 7.0, 95: 7.0}


async def test_votes_since_counts_votes_and_better_answers(store):
    reply_id = await store.add_reply(RECORD)
    await store.cast_vote(reply_id, VOTER, 1, "button")
    await store.add_correction(reply_id, VOTER, "better")
    assert await store.votes_since("pirate", 0.0) == 2
    assert await store.votes_since("pirate", 1e12) == 0
    assert await store.votes_since("sarcastic", 0.0) == 0
