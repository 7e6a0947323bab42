"""Asks Discord which messages that are stored are still there; what is gone is deleted as if Discord had told of it.

Discord keeps no list of what was deleted while a bot was away. One request reads a hundred messages of a channel, so
neighbours are checked together; discord.py waits where Discord asks it to.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import discord

from bot.discord_bot.replying.revisions import Revisions
from bot.errors import StoreError
from bot.store import Store

log = logging.getLogger(__name__)

PAGE = 100  # messages in one answer, the most that Discord gives
UNKNOWN_CHANNEL = 10003


@dataclass(frozen=True)
class Checked:
    messages: int = 0
    gone: int = 0
    unreadable: int = 0  # channels that the bot may not read (any more)

    def __add__(self, other: "Checked") -> "Checked":
        return Checked(self.messages + other.messages, self.gone + other.gone, self.unreadable + other.unreadable)


async def check_stored_messages(client: discord.Client, store: Store, revisions: Revisions) -> Checked:
    """`client` is logged in; it needs no connection. Raises StoreError when the database is another bot's."""
    assert client.user is not None
    if not await store.claim(client.user.id):
        raise StoreError(
            "This database holds what another bot stored: use that bot's DISCORD_TOKEN, or its store.path."
        )
    checked = Checked()
    for channel_id, message_ids in (await store.messages_by_channel()).items():
        checked += await _check_channel(client, store, revisions, channel_id, message_ids)
    return checked


async def _check_channel(
    client: discord.Client, store: Store, revisions: Revisions, channel_id: int, message_ids: Sequence[int]
) -> Checked:
    try:
        gone = await _gone(client, channel_id, message_ids)
    except discord.NotFound as error:
        if error.code != UNKNOWN_CHANNEL:
            return Checked(unreadable=1)
        await store.remove_channel(channel_id)
        return Checked(len(message_ids), len(message_ids))
    except discord.HTTPException as error:
        log.warning("channel %d cannot be read: Discord answered %s (code %s)", channel_id, error.status, error.code)
        return Checked(unreadable=1)
    for message_id in gone:
        await revisions.deleted(message_id)
    return Checked(len(message_ids), len(gone))


async def _gone(client: discord.Client, channel_id: int, message_ids: Sequence[int]) -> list[int]:
    """Those of the messages (oldest first) that the channel no longer has."""
    channel = client.get_partial_messageable(channel_id)
    gone: list[int] = []
    left = list(message_ids)
    while left:
        after_it = discord.Object(left[-1] + 1)
        page = [message.id async for message in channel.history(limit=PAGE, before=after_it)]  # newest first
        seen_from = page[-1] if len(page) == PAGE else 0
        covered = [message_id for message_id in left if message_id >= seen_from]
        gone += set(covered).difference(page)
        left = left[: len(left) - len(covered)]
    return sorted(gone)
