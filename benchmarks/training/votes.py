"""A server's year of thumbs, written straight into the store's tables by its own methods' schema."""

import asyncio
import random
from pathlib import Path

from bot.store import ReplyRecord, Store, StoredMessage

REPLIES = 25_000
VOTES_EACH = 4
MEMBERS = 400
THINGS = ["the sea", "old maps", "gold", "rum", "storms", "parrots", "islands", "whales", "ships", "stars", "sharks"]
TURNS = ["be a fine thing", "be no good at all", "make me heart sing", "be worth a song", "keep a sailor awake"]


def cast(database: Path, persona: str, replies: int = REPLIES) -> None:
    """`replies` replies of `persona` with VOTES_EACH votes each, of MEMBERS members who consent."""
    asyncio.run(_cast(database, persona, replies))


async def _cast(database: Path, persona: str, replies: int) -> None:
    dice = random.Random(1)
    store = await Store.open(database)
    try:
        for member in range(1, MEMBERS + 1):
            await store.set_consent(member, True)
        for index in range(replies):
            reply = await store.add_reply(_reply(index, persona, dice))
            for voter in dice.sample(range(1, MEMBERS + 1), VOTES_EACH):
                await store.cast_vote(reply, voter, dice.choice((1, 1, -1)), "button")
    finally:
        await store.close()


def _reply(index: int, persona: str, dice: random.Random) -> ReplyRecord:
    thing = dice.choice(THINGS)
    asker = dice.randint(1, MEMBERS)
    asked = f"What do ye make of {thing}, number {index}?"
    return ReplyRecord(
        channel_id=index % 200,
        guild_id=1,
        asker_id=asker,
        persona=persona,
        adapter_number=1,
        adapter_sha256="0" * 64,
        base_fingerprint="base",
        messages=(StoredMessage("system", "You are a pirate.", None), StoredMessage("user", asked, asker)),
        asked=asked,
        text=f"Arr, {thing} {dice.choice(TURNS)}, and {dice.choice(THINGS)} {dice.choice(TURNS)}, says I, {index}!",
        finish_reason="stop",
        sampling={},
        seed=index,
        prompt_tokens=40,
        completion_tokens=30,
        queued_s=0.0,
        first_token_s=0.1,
        total_s=1.0,
        source="discord",
        created_at=1_800_000_000.0 + index,
    )
