"""The demo server: the same on every start, bounded however long it runs."""

import datetime

import pytest
from simcord.backend.errors import BackendError

from bot.personas.catalog import PersonaCatalog
from bot.sandbox.world import BOT_AVATAR, BOT_NAME, KEPT_MESSAGES, MEMBERS, World
from tests.places import REPOSITORY


def fixed_ids(world: World) -> list[int]:
    return [world.guild.id, world.bot_user.id, *world.users, *world.channels, *world.guild.roles]


def test_members_and_channels_keep_their_ids_across_starts() -> None:
    assert fixed_ids(World()) == fixed_ids(World())
    assert len(set(fixed_ids(World()))) == len(fixed_ids(World())) - 1 - 1  # the bot and @everyone appear twice


def test_messages_get_growing_ids_of_their_own_time() -> None:
    world = World()
    channel, member = world.channel_id("tavern"), world.member_id("mika")

    ids = [world.create_message(channel, member, "hi").id for _ in range(50)]

    assert ids == sorted(set(ids))
    assert ids[0] > max(fixed_ids(world))
    sent = datetime.datetime.fromtimestamp(((ids[0] >> 22) + 1420070400000) / 1000, datetime.UTC)
    assert abs(sent - datetime.datetime.now(datetime.UTC)) < datetime.timedelta(seconds=5)


def test_only_the_owner_may_manage_channels() -> None:
    world = World()

    for member in MEMBERS:
        check = (world.guild.id, world.member_id(member.name), world.channel_id("lounge"), "manage_channels")
        if member.name == "mika":
            world.require_permissions(*check)
        else:
            with pytest.raises(BackendError, match="Missing Permissions"):
                world.require_permissions(*check)


def test_old_messages_and_their_files_are_forgotten() -> None:
    world = World()
    channel, member = world.channel_id("tavern"), world.member_id("mika")
    attachment = world.cdn.store_attachment(world.snowflake(), channel, "a.txt", b"x", None)
    world.create_message(channel, member, "with a file", attachments=[attachment])

    for number in range(KEPT_MESSAGES):
        world.create_message(channel, member, str(number))

    assert [m.content for m in world.messages[channel].values()] == [str(n) for n in range(KEPT_MESSAGES)]
    assert world.cdn.find(attachment["url"].removeprefix("/attachments/")) is None


def test_an_interactions_token_cannot_be_guessed_from_its_id() -> None:
    world = World()
    records = [world.new_interaction(2, world.channel_id("tavern"), world.member_id("mika"), None) for _ in range(2)]

    assert all(str(record.id) not in record.token for record in records)
    assert all(len(record.token) >= 64 for record in records)
    assert records[0].token != records[1].token
    assert world.interaction_by_token(records[1].token) is records[1]
    with pytest.raises(BackendError):
        world.interaction_by_token(f"simcord_interaction_{records[0].id}")


def test_interactions_expire_after_fifteen_minutes_and_are_forgotten() -> None:
    world = World()
    channel, member = world.channel_id("tavern"), world.member_id("mika")
    record = world.new_interaction(2, channel, member, world.guild.id)
    record.defer(1, ephemeral=False)
    start = datetime.datetime.now(datetime.UTC)

    with world.clock.held_at(start + datetime.timedelta(minutes=14)):
        assert world.interaction_by_token(record.token) is record
    with world.clock.held_at(start + datetime.timedelta(minutes=16)):
        with pytest.raises(BackendError, match="Unknown Webhook"):
            world.interaction_by_token(record.token)
        world.new_interaction(2, channel, member, world.guild.id)

    assert record.id not in world.interactions
    assert record.token not in world.interaction_tokens


def test_no_two_people_on_the_page_share_a_name_or_an_emoji() -> None:
    personas = PersonaCatalog(REPOSITORY / "adapters").all()

    names = [BOT_NAME, *(m.display_name for m in MEMBERS), *(p.display_name for p in personas)]
    emoji = [BOT_AVATAR, *(m.avatar for m in MEMBERS), *(p.avatar for p in personas)]

    assert len(set(names)) == len(names)
    assert len(set(emoji)) == len(emoji)
