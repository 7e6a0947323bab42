"""While another program holds the database's write lock, every press and command is acknowledged at once.

What was asked for is written, and shown, once the lock is free; nothing that could not be written is said to be stored.
"""

import sqlite3
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
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
    with locked_until_acknowledged(scene, tmp_path) as votes_meanwhile:
        result = await act(scene)
    assert result.acknowledged
    assert votes_meanwhile == [0], "the lock was let go because the acknowledgement was seen, with nothing written"


async def test_a_vote_under_a_held_lock_is_stored_when_the_lock_is_free(scene: Scene, tmp_path: Path) -> None:
    with locked_until_acknowledged(scene, tmp_path):
        await like(scene)
    assert await scene.store.votes(scene.reply.id) == VoteCount(1, 0)


@contextmanager
def locked_until_acknowledged(scene: Scene, folder: Path) -> Iterator[list[int]]:
    """Hold the database's write lock until Discord has the bot's acknowledgement; how many votes were stored then.

    In a thread: the test's Discord stops the loop's clock while the bot has something to do.
    """
    before, votes, given_up = len(scene.env.http_requests), list[int](), threading.Event()
    lock = sqlite3.connect(folder / "troupe.db", isolation_level=None, check_same_thread=False)
    lock.execute("BEGIN IMMEDIATE")

    def watch() -> None:
        while not given_up.wait(0.01):
            if any(made.path.endswith("/callback") for made in scene.env.http_requests[before:]):
                votes.append(lock.execute("SELECT count(*) FROM votes").fetchone()[0])
                break
        lock.close()

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield votes
    finally:
        given_up.set()
        watching.join()
