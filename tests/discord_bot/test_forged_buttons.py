"""What a button says of itself can be forged: it opens nothing of another channel, and ids cannot be counted."""

import itertools
from typing import Any

import pytest
import simcord

from bot.discord_bot.controls.buttons import feedback_view
from bot.store import Store, StoredReply, VoteCount
from tests.discord_bot.talk import answers, contents, whispered
from tests.fakes import ScriptedEngine


@pytest.fixture
async def secret(env: simcord.Env, channel: Any, alice: Any, at_bot: str, store: Store) -> StoredReply:
    await alice.send(channel, f"{at_bot} the treasure lies under the oak")
    reply = await store.reply_of_message(answers(env, channel)[0].id)
    assert reply is not None
    return reply


@pytest.mark.parametrize("word", ["up", "down", "again", "keep"])
async def test_a_button_that_names_a_reply_of_another_channel_is_refused(
    env: simcord.Env, guild: Any, bob: Any, secret: StoredReply, store: Store, engine: ScriptedEngine, word: str
) -> None:
    elsewhere = guild.create_text_channel("elsewhere")
    view = feedback_view(secret.id, VoteCount(0, 0), rival=secret.id if word == "keep" else None)
    await env.bot.get_partial_messageable(elsewhere.id).send("press me", view=view)
    await env.settle()
    [forged] = answers(env, elsewhere)
    named = f"troupe:keep:{secret.id}:{secret.id}" if word == "keep" else f"troupe:{word}:{secret.id}"

    result = await bob.click(forged, custom_id=named)

    assert "no longer have that reply" in whispered(result)
    assert contents(env, elsewhere) == ["press me"]
    assert await store.votes(secret.id) == VoteCount(0, 0)
    assert len(engine.requests) == 1


async def test_the_ids_of_replies_cannot_be_counted(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, store: Store
) -> None:
    for _ in range(4):
        await alice.send(channel, f"{at_bot} hello")
    ids = [reply.id for message in answers(env, channel) if (reply := await store.reply_of_message(message.id))]
    steps = [after - before for before, after in itertools.pairwise(ids)]
    assert ids == sorted(ids)
    assert min(steps) > 1000
    assert len(set(steps)) == len(steps)
