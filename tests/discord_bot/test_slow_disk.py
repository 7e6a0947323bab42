"""While another program holds the database's write lock, every press and command is acknowledged at once.

What was asked for is written, and shown, once the lock is free; nothing that could not be written is said to be stored.
"""

import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import discord
import pytest
import simcord

from bot.store import Store, StoredReply, VoteCount
from tests.discord_bot.talk import answers
from tests.fakes import ScriptedEngine

Scene = SimpleNamespace
Act = Callable[[Scene], Coroutine[Any, Any, Any]]
HELD_SECONDS = 0.3


@pytest.fixture
async def scene(env: simcord.Env, guild: Any, channel: Any, at_bot: str, engine: ScriptedEngine, store: Store) -> Scene:
    everything = guild.create_role("Everything", permissions=discord.Permissions.all())
    alice = guild.add_member(env.create_user("alice"), roles=[everything])
    await alice.send(channel, f"{at_bot} hello")
    [answer] = answers(env, channel)
    reply = await store.reply_of_message(answer.id)
    assert isinstance(reply, StoredReply)
    return Scene(env=env, channel=channel, alice=alice, answer=answer, reply=reply, store=store)


async def like(scene: Scene) -> Any:
    return await scene.alice.click(scene.answer, custom_id=f"troupe:up:{scene.reply.id}")


async def correct(scene: Scene) -> Any:
    form = await scene.alice.click(scene.answer, custom_id=f"troupe:correct:{scene.reply.id}")
    return await scene.alice.submit_modal(form, {"answer": "Ahoy!"})


async def switch(scene: Scene) -> Any:
    return await scene.alice.slash(scene.channel, "persona switch", name="pirate")


async def reset(scene: Scene) -> Any:
    return await scene.alice.slash(scene.channel, "persona reset")


async def identity(scene: Scene) -> Any:
    return await scene.alice.slash(scene.channel, "persona identity", on=True)


async def collection(scene: Scene) -> Any:
    return await scene.alice.slash(scene.channel, "collection", learn=False)


async def forget(scene: Scene) -> Any:
    return await scene.alice.slash(scene.channel, "forget")


async def chat(scene: Scene) -> Any:
    return await scene.alice.slash(scene.channel, "chat", message="and you?")


async def delete_reply(scene: Scene) -> Any:
    return await scene.alice.context_menu(scene.channel, "Delete this reply", scene.answer)


async def again(scene: Scene) -> Any:
    return await scene.alice.click(scene.answer, custom_id=f"troupe:again:{scene.reply.id}")


@pytest.mark.parametrize("act", [like, correct, switch, reset, identity, collection, forget, chat, delete_reply, again])
async def test_whatever_is_asked_for_is_acknowledged_before_it_is_written(
    act: Act, scene: Scene, tmp_path: Path
) -> None:
    acknowledged: list[bool] = []
    before = len(scene.env.http_requests)
    with closing(sqlite_lock(tmp_path)) as lock:

        def look() -> None:
            acknowledged.append(any(made.path.endswith("/callback") for made in scene.env.http_requests[before:]))
            lock.rollback()

        scene.env.bot.loop.call_later(HELD_SECONDS, look)
        result = await act(scene)
    assert acknowledged == [True]
    assert result.acknowledged


def sqlite_lock(folder: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(folder / "troupe.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    return connection


async def test_a_vote_under_a_held_lock_is_stored_when_the_lock_is_free(scene: Scene, tmp_path: Path) -> None:
    lock = sqlite_lock(tmp_path)
    with closing(lock):
        scene.env.bot.loop.call_later(HELD_SECONDS, lock.rollback)
        await like(scene)
    assert await scene.store.votes(scene.reply.id) == VoteCount(1, 0)
