"""`check-messages`: what was deleted on Discord while the bot was away is deleted here, with few requests."""

import asyncio
from collections.abc import AsyncIterator

import discord
import pytest

from bot.discord_bot.replying.revisions import Revisions
from bot.discord_bot.replying.streaming import Unfinished
from bot.discord_bot.stored_messages import Checked, check_stored_messages
from bot.errors import StoreError
from bot.sandbox import SandboxServer
from bot.store import Store
from tests.store.samples import a_record
from tests.wire.stage import Stage, staged


@pytest.fixture
async def client(server: SandboxServer) -> AsyncIterator[discord.Client]:
    async with discord.Client(intents=discord.Intents(guilds=True)) as client:
        await client.login(server.token)
        yield client


async def checked(client: discord.Client, store: Store) -> Checked:
    return await check_stored_messages(client, store, Revisions(store, Unfinished()))


async def test_what_was_deleted_while_the_bot_was_away_is_deleted(
    empty_stage: Stage, server: SandboxServer, store: Store, client: discord.Client
) -> None:
    async with staged(empty_stage) as stage:
        answers = [await stage.stored(await stage.answered(f"Question {n}?")) for n in range(4)]
    asked = [answer.record.asked_message_id or 0 for answer in answers]
    where = {"member": stage.mika, "channel": stage.tavern}
    await server.control.delete(**where, message=asked[1])
    await server.control.delete(**where, message=asked[3])

    found = await checked(client, store)

    assert (found.messages, found.gone) == (8, 2)
    assert [bool(await store.replies_asked_by(message)) for message in asked] == [True, False, True, False]
    assert (await checked(client, store)).gone == 0


async def test_one_request_covers_many_messages(
    empty_stage: Stage, server: SandboxServer, store: Store, client: discord.Client
) -> None:
    said = [
        await server.control.say(member=empty_stage.mika, channel=empty_stage.tavern, content=f"{n}")
        for n in range(150)
    ]
    ids = [int(message["id"]) for message in said]
    for message_id in ids:
        await store.add_reply(a_record(channel_id=empty_stage.tavern, asked_message_id=message_id))
    await server.control.delete(member=empty_stage.mika, channel=empty_stage.tavern, message=ids[70])
    before = len(server.requests)

    assert await checked(client, store) == Checked(150, 1)

    assert len(server.requests) - before == 2


async def test_a_channel_that_is_gone_takes_its_words_along_and_one_that_is_closed_does_not(
    empty_stage: Stage, server: SandboxServer, store: Store, client: discord.Client
) -> None:
    for channel in (empty_stage.tavern, 999):
        await store.add_reply(a_record(channel_id=channel, asked_message_id=channel + 1))
    server.faults.fail("GET", f"/channels/{empty_stage.tavern}/messages", status=403)

    found = await checked(client, store)

    assert (found.gone, found.unreadable) == (1, 1)
    assert await store.messages_by_channel() == {empty_stage.tavern: [empty_stage.tavern + 1]}


async def test_another_bots_database_is_left_alone(store: Store, client: discord.Client) -> None:
    await store.claim(4242)
    with pytest.raises(StoreError, match="another bot"):
        await asyncio.wait_for(checked(client, store), 10)
