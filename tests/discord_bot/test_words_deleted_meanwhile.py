"""Whatever is deleted while a reply runs stays deleted: the reply, which would bring it back, is struck as well."""

import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import discord
import pytest
import simcord

from bot.discord_bot.client import TroupeBot
from bot.engine import FinishReason
from bot.store import Store
from tests.discord_bot.conftest import MakeBot
from tests.discord_bot.talk import answers, spoken_prompt
from tests.fakes import ScriptedEngine

SECRET = "the treasure lies under the oak"
Scene = SimpleNamespace
Deletion = Callable[[Scene], Coroutine[Any, Any, None]]


@pytest.fixture
def simcord_bot(make_bot: MakeBot) -> TroupeBot:
    return make_bot(members=True)


@pytest.fixture
def scene(
    env: simcord.Env, guild: Any, channel: Any, alice: Any, bob: Any, at_bot: str, engine: ScriptedEngine, store: Store
) -> Scene:
    return Scene(env=env, guild=guild, channel=channel, alice=alice, bob=bob, at_bot=at_bot, engine=engine, store=store)


def rows_with(folder: Path, words: str) -> list[str]:
    """The rows of the database, as SQL, in which the words stand."""
    with closing(sqlite3.connect(folder / "troupe.db")) as connection:
        return [line for line in connection.iterdump() if words in line]


async def delete_everything(scene: Scene) -> None:
    panel = (await scene.alice.slash(scene.channel, "privacy")).response
    asked = await scene.alice.click(panel, label="Delete everything")
    await scene.alice.click(asked.response or panel, label="Yes, delete everything")


async def remove_the_bot(scene: Scene) -> None:
    scene.env.backend.remove_guild(scene.guild.id)


async def delete_the_channel(scene: Scene) -> None:
    scene.env.backend.delete_channel(scene.channel.id)


async def leave(scene: Scene) -> None:
    scene.guild.remove_member(scene.alice)


async def delete_the_answer(scene: Scene) -> None:
    scene.env.backend.delete_message(scene.channel.id, answers(scene.env, scene.channel)[-1].id)


async def delete_the_question(scene: Scene) -> None:
    await scene.alice.delete(scene.question)


async def finish(scene: Scene, answer: str) -> None:
    scene.engine.generations[-1].say(answer)
    scene.engine.generations[-1].end()
    await scene.env.settle()


@pytest.mark.parametrize(
    "deletion",
    [delete_everything, remove_the_bot, delete_the_channel, leave, delete_the_answer, delete_the_question],
)
async def test_nothing_of_a_running_reply_comes_back_after(deletion: Deletion, scene: Scene, tmp_path: Path) -> None:
    scene.engine.holds()
    scene.question = await scene.alice.send(scene.channel, f"{scene.at_bot} {SECRET}")
    scene.engine.generations[-1].say("I shall never tell anybody, my dear friend. ")
    await scene.env.settle()
    assert rows_with(tmp_path, SECRET)  # it is registered while it runs

    await deletion(scene)
    await scene.env.settle()
    await finish(scene, f"But {SECRET}!")

    assert rows_with(tmp_path, SECRET) == []


@pytest.mark.parametrize("deletion", [delete_everything, leave])
async def test_words_quoted_in_another_members_running_reply_are_gone_with_their_author(
    deletion: Deletion, scene: Scene, tmp_path: Path
) -> None:
    await scene.alice.send(scene.channel, f"{scene.at_bot} {SECRET}")
    scene.engine.holds()
    await scene.bob.send(scene.channel, f"{scene.at_bot} what did she say?")
    assert SECRET in spoken_prompt(scene.engine)

    await deletion(scene)
    await scene.env.settle()
    await finish(scene, f"That {SECRET}.")

    assert rows_with(tmp_path, SECRET) == []


async def test_a_conversation_forgotten_in_mid_reply_begins_without_it(scene: Scene) -> None:
    scene.engine.holds()
    await scene.alice.send(scene.channel, f"{scene.at_bot} {SECRET}")
    role = scene.guild.create_role("Mods", permissions=discord.Permissions(manage_messages=True))
    moderator = scene.guild.add_member(scene.env.create_user("mod"), roles=[role])
    await moderator.slash(scene.channel, "forget")
    await finish(scene, "Arr.")

    await scene.bob.send(scene.channel, f"{scene.at_bot} what did she say?")

    assert SECRET not in spoken_prompt(scene.engine)


async def test_the_words_of_an_edited_question_are_replaced_while_it_is_answered(scene: Scene, tmp_path: Path) -> None:
    scene.engine.holds()
    question = await scene.alice.send(scene.channel, f"{scene.at_bot} {SECRET}")

    await scene.alice.edit(question, f"{scene.at_bot} never mind")
    await finish(scene, "As you like.")

    assert rows_with(tmp_path, SECRET) == []
    [stored] = await scene.store.replies_asked_by(question.id)
    assert (stored.record.asked, stored.record.text) == ("never mind", "As you like.")


async def test_a_reply_that_runs_can_be_neither_found_nor_remembered(scene: Scene) -> None:
    scene.engine.holds()
    question = await scene.alice.send(scene.channel, f"{scene.at_bot} {SECRET}")
    await scene.bob.send(scene.channel, f"{scene.at_bot} what did she say?")
    assert SECRET not in spoken_prompt(scene.engine)
    assert await scene.store.replies_asked_by(question.id) == []
    assert (await scene.store.statistics()).replies == 1


@pytest.mark.parametrize("reason", [FinishReason.CANCELLED, FinishReason.STOP])
async def test_a_reply_that_comes_to_nothing_leaves_no_row(reason: FinishReason, scene: Scene, tmp_path: Path) -> None:
    scene.engine.holds()
    await scene.alice.send(scene.channel, f"{scene.at_bot} {SECRET}")
    scene.engine.generations[-1].end(reason)
    await scene.env.settle()
    assert rows_with(tmp_path, SECRET) == []
