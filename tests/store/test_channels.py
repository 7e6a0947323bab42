from bot.store import Store
from tests.store.samples import a_record


async def test_a_channel_without_a_choice_has_no_persona(store):
    assert await store.channel_persona(10) is None


async def test_a_channels_persona_survives_a_restart_and_its_last_choice_wins(store, path):
    await store.set_channel_persona(10, 20, "pirate", set_by=1)
    await store.set_channel_persona(10, 20, "sarcastic", set_by=2)
    await store.set_channel_persona(11, None, "plain", set_by=1)
    await store.close()
    again = await Store.open(path)
    assert (await again.channel_persona(10), await again.channel_persona(11)) == ("sarcastic", "plain")
    await again.close()


async def test_a_cleared_channel_has_no_persona(store):
    await store.set_channel_persona(10, 20, "pirate", set_by=1)
    await store.clear_channel_persona(10)
    await store.clear_channel_persona(11)
    assert await store.channel_persona(10) is None


async def test_exchanges_are_the_newest_of_this_channel_and_persona_oldest_first(store):
    for number in range(4):
        await store.add_reply(a_record(asked=f"q{number}", text=f"a{number}", created_at=float(number)))
    await store.add_reply(a_record(asked="elsewhere", channel_id=99))
    await store.add_reply(a_record(asked="to another", persona="sarcastic"))
    exchanges = await store.exchanges(10, "pirate", limit=2, since=0.0)
    assert [(e.asked, e.answered, e.created_at) for e in exchanges] == [("q2", "a2", 2.0), ("q3", "a3", 3.0)]


async def test_exchanges_older_than_since_are_left_out(store):
    for number in range(3):
        await store.add_reply(a_record(asked=f"q{number}", created_at=float(number)))
    assert [e.asked for e in await store.exchanges(10, "pirate", limit=10, since=1.0)] == ["q1", "q2"]


async def test_forgetting_starts_the_conversation_afresh_and_keeps_the_rows(store):
    before = await store.add_reply(a_record(asked="before", created_at=5.0))
    await store.forget_channel(10)
    assert await store.exchanges(10, "pirate", limit=10, since=0.0) == []
    # A clock set back does not hide what was said after.
    await store.add_reply(a_record(asked="after", created_at=4.0))
    assert [e.asked for e in await store.exchanges(10, "pirate", limit=10, since=0.0)] == ["after"]
    await store.forget_channel(10)
    assert await store.exchanges(10, "pirate", limit=10, since=0.0) == []
    assert await store.reply(before) is not None


async def test_forgetting_one_channel_leaves_the_others_alone(store):
    await store.add_reply(a_record(channel_id=11))
    await store.forget_channel(10)
    assert len(await store.exchanges(11, "pirate", limit=10, since=0.0)) == 1


async def test_a_channel_answers_unaddressed_messages_only_when_told_so(store):
    assert not await store.auto_reply(10)
    await store.set_channel_persona(10, 20, "pirate", set_by=1, auto_reply=True)
    assert await store.auto_reply(10)
    await store.set_channel_persona(10, 20, "sarcastic", set_by=1)
    assert not await store.auto_reply(10)


async def test_a_channels_identity_is_switched_on_and_off(store):
    assert not await store.has_identity(10)
    for on in (True, True):
        await store.set_identity(10, 20, set_by=1, on=on)
    assert (await store.has_identity(10), await store.has_identity(11)) == (True, False)
    await store.set_identity(10, 20, set_by=1, on=False)
    assert not await store.has_identity(10)
