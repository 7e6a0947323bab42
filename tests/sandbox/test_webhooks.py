"""The bot speaks under other names: webhooks it made itself, with buttons, in channels and threads."""

import discord
import pytest

from bot.sandbox import SandboxServer
from tests.sandbox.member import Member
from tests.sandbox.small_bot import SmallBot, Thumbs


async def webhook_in(server: SandboxServer, bot: SmallBot) -> tuple[discord.TextChannel, discord.Webhook]:
    channel = bot.get_channel(server.demo_channels["tavern"])
    assert isinstance(channel, discord.TextChannel)
    return channel, await channel.create_webhook(name="Troupe")


async def test_a_webhook_of_the_bot_is_found_again(server: SandboxServer, bot: SmallBot) -> None:
    channel, made = await webhook_in(server, bot)

    [listed] = await channel.webhooks()

    assert (listed.id, listed.token, listed.user) == (made.id, made.token, bot.user)


async def test_a_message_under_another_name_carries_buttons_that_work(server: SandboxServer, bot: SmallBot) -> None:
    _, webhook = await webhook_in(server, bot)
    mika = Member(server)

    sent = await webhook.send(
        "Arr.", username="Captain Saltbeard", avatar_url="https://x.example/a.png", view=Thumbs(), wait=True
    )
    [shown] = mika.sees
    outcome = await mika.click(message=sent.id, custom_id="up")

    assert (shown["author"]["name"], shown["is_bot"]) == ("Captain Saltbeard", True)
    assert shown["author"]["picture"] == "https://x.example/a.png"
    assert outcome["kind"] == "update"
    assert mika.sees[0]["components"][0]["components"][0]["label"] == "1"


async def test_such_a_message_is_edited_and_deleted_by_its_webhook(server: SandboxServer, bot: SmallBot) -> None:
    _, webhook = await webhook_in(server, bot)
    mika = Member(server)
    sent = await webhook.send("Arr", username="Captain Saltbeard", wait=True)

    await webhook.edit_message(sent.id, content="Arr, matey.", view=Thumbs())
    assert mika.sees[0]["content"] == "Arr, matey."
    assert mika.sees[0]["components"]
    assert (await webhook.fetch_message(sent.id)).content == "Arr, matey."

    await webhook.delete_message(sent.id)
    assert mika.sees == []


async def test_a_webhook_speaks_in_the_threads_of_its_channel_only(server: SandboxServer, bot: SmallBot) -> None:
    channel, webhook = await webhook_in(server, bot)
    lounge = bot.get_channel(server.demo_channels["lounge"])
    assert isinstance(lounge, discord.TextChannel)
    here = await channel.create_thread(name="aside", type=discord.ChannelType.public_thread)
    elsewhere = await lounge.create_thread(name="elsewhere", type=discord.ChannelType.public_thread)

    sent = await webhook.send("psst", username="Captain", thread=here, wait=True)
    await webhook.edit_message(sent.id, content="psst!", thread=here)

    assert [message["content"] for message in server.messages(here.id)] == ["psst!"]
    with pytest.raises(discord.NotFound):
        await webhook.send("psst", thread=elsewhere)


async def test_a_webhook_cannot_touch_what_others_wrote(server: SandboxServer, bot: SmallBot) -> None:
    _, webhook = await webhook_in(server, bot)
    said = await Member(server).say(content="mine")

    with pytest.raises(discord.NotFound):
        await webhook.edit_message(int(said["id"]), content="yours")


async def test_without_its_token_a_webhook_is_unknown(server: SandboxServer, bot: SmallBot) -> None:
    _, webhook = await webhook_in(server, bot)
    guessed = discord.Webhook.partial(webhook.id, f"simcord_webhook_{webhook.id}", client=bot)

    with pytest.raises(discord.NotFound):
        await guessed.send("psst")
