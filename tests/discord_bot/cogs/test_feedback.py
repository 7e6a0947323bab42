import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord

import bot.discord_bot.client
from bot.discord_bot.controls.consent import learn_more
from bot.errors import StoreError
from bot.store import Store, StoredReply, VoteCount
from bot.wording import say
from tests.discord_bot.conftest import handled
from tests.discord_bot.talk import as_bot, whispered
from tests.fakes import ScriptedEngine


@pytest.fixture
async def answer(env: simcord.Env, channel: Any, alice: Any, at_bot: str) -> discord.Message:
    """A finished reply to alice, with its buttons."""
    await alice.send(channel, f"{at_bot} hello")
    return channel.last_message


@pytest.fixture
async def reply(answer: discord.Message, store: Store) -> StoredReply:
    stored = await store.reply_of_message(answer.id)
    assert stored is not None
    return stored


def labels(channel: Any) -> list[str | None]:
    last = [message for message in channel.history() if message.components][-1]
    return [button.label for button in last.components[0].children]


def rows(path: Path) -> list[tuple[int, int, str]]:
    with sqlite3.connect(path) as database:
        return list(database.execute("SELECT reply_id, value, source FROM votes"))


async def test_a_button_votes_changes_and_withdraws(
    channel: Any, alice: Any, bob: Any, answer: discord.Message, reply: StoredReply, store: Store
) -> None:
    await alice.click(answer, custom_id=f"troupe:up:{reply.id}")
    assert await store.votes(reply.id) == VoteCount(1, 0)
    assert labels(channel) == ["1", None, "Again", "Better"]
    await bob.click(answer, custom_id=f"troupe:up:{reply.id}")
    assert labels(channel) == ["2", None, "Again", "Better"]
    await alice.click(answer, custom_id=f"troupe:down:{reply.id}")
    assert await store.votes(reply.id) == VoteCount(1, 1)
    await alice.click(answer, custom_id=f"troupe:down:{reply.id}")
    assert await store.votes(reply.id) == VoteCount(1, 0)
    assert labels(channel) == ["1", None, "Again", "Better"]


async def test_a_reaction_votes_changes_and_withdraws(
    channel: Any, alice: Any, answer: discord.Message, reply: StoredReply, store: Store
) -> None:
    await alice.react(answer, "👍🏽")
    assert await store.votes(reply.id) == VoteCount(1, 0)
    assert labels(channel) == ["1", None, "Again", "Better"]
    await alice.react(answer, "👎")
    assert await store.votes(reply.id) == VoteCount(0, 1)
    await alice.unreact(answer, "👍🏽")
    assert await store.votes(reply.id) == VoteCount(0, 1), "a late removal of the other thumb withdraws nothing"
    await alice.unreact(answer, "👎")
    assert await store.votes(reply.id) == VoteCount(0, 0)
    assert labels(channel) == [None, None, "Again", "Better"]


async def test_a_button_and_a_reaction_are_one_row(
    alice: Any, answer: discord.Message, reply: StoredReply, tmp_path: Path
) -> None:
    await alice.click(answer, custom_id=f"troupe:up:{reply.id}")
    await alice.react(answer, "👍")
    assert rows(tmp_path / "troupe.db") == [(reply.id, 1, "button")]
    await alice.react(answer, "👎")
    assert rows(tmp_path / "troupe.db") == [(reply.id, -1, "reaction")]


async def test_other_reactions_and_other_messages_are_not_votes(
    env: simcord.Env, guild: Any, channel: Any, alice: Any, answer: discord.Message, tmp_path: Path
) -> None:
    chatter = await alice.send(channel, "just talking")
    other_bot = guild.add_member(env.create_user("other", bot=True))
    await alice.react(chatter, "👍")
    await alice.react(answer, "❤️")
    await other_bot.react(answer, "👍")
    with as_bot(env):
        await answer.add_reaction("👍")
    await env.settle()
    assert rows(tmp_path / "troupe.db") == []


async def test_a_reaction_on_a_reply_that_still_grows_counts_once_it_is_recorded(
    env: simcord.Env, channel: Any, alice: Any, bob: Any, at_bot: str, engine: ScriptedEngine, store: Store
) -> None:
    engine.holds()
    await alice.send(channel, f"{at_bot} tell me a story")
    engine.generations[-1].say("Once upon a time there was ")
    await env.settle()
    growing = channel.last_message
    env.backend.set_reaction(channel.id, growing.id, "👍", bob.id, True)
    engine.generations[-1].end()
    await env.settle()
    stored = await store.reply_of_message(growing.id)
    assert stored is not None
    assert await store.votes(stored.id) == VoteCount(1, 0)
    assert labels(channel) == ["1", None, "Again", "Better"]


async def test_votes_work_on_a_reply_from_before_a_restart(
    env: simcord.Env, channel: Any, alice: Any, bob: Any, answer: discord.Message, reply: StoredReply, make_bot: Any,
    store: Store,
) -> None:  # fmt: skip
    await env.restart_bot(make_bot())
    await alice.click(answer, custom_id=f"troupe:up:{reply.id}")
    await bob.react(answer, "👎")
    assert await store.votes(reply.id) == VoteCount(1, 1)


async def test_any_message_of_a_long_reply_takes_a_reaction(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, engine: ScriptedEngine, store: Store
) -> None:
    engine.says("word " * 900)
    await alice.send(channel, f"{at_bot} hello")
    first, *_, last = [m for m in channel.history() if m.author.id == env.bot.user.id]
    await alice.react(first, "👍")
    stored = await store.reply_of_message(last.id)
    assert stored is not None
    assert await store.votes(stored.id) == VoteCount(1, 0)
    assert labels(channel) == ["1", None, "Again", "Better"]


async def test_a_reply_that_is_gone_says_so(
    alice: Any, answer: discord.Message, reply: StoredReply, store: Store
) -> None:
    await store.delete_member(alice.id)
    result = await alice.click(answer, custom_id=f"troupe:up:{reply.id}")
    assert "no longer have that reply" in whispered(result)
    await alice.react(answer, "👍")
    assert await store.votes(reply.id) == VoteCount(0, 0)


async def test_the_first_thumb_asks_for_consent_once_and_the_vote_counts_anyway(
    channel: Any, alice: Any, answer: discord.Message, reply: StoredReply, store: Store
) -> None:
    result = await alice.click(answer, custom_id=f"troupe:up:{reply.id}")
    [question] = result.followups
    assert question.ephemeral
    assert question.content == say("consent-question")
    assert await store.votes(reply.id) == VoteCount(1, 0)
    assert await store.consent(alice.id) is None
    more = await alice.click(question, label="Learn more")
    assert (more.ephemeral, more.response.content) == (True, learn_more())
    answered = await alice.click(question, custom_id="troupe:consent:yes")
    assert answered.response is not None
    assert answered.response.content.startswith("Thank you")
    assert await store.consent(alice.id) is True
    result = await alice.click(answer, custom_id=f"troupe:down:{reply.id}")
    assert say("consent-question") not in [followup.content for followup in result.followups]


async def test_refused_consent_is_kept_and_not_asked_again(
    env: simcord.Env, alice: Any, answer: discord.Message, reply: StoredReply, store: Store, make_bot: Any
) -> None:
    result = await alice.click(answer, custom_id=f"troupe:up:{reply.id}")
    await env.restart_bot(make_bot())
    await alice.click(result.followups[0], custom_id="troupe:consent:no")
    assert await store.consent(alice.id) is False
    result = await alice.click(answer, custom_id=f"troupe:down:{reply.id}")
    assert say("consent-question") not in [followup.content for followup in result.followups]


async def test_consent_is_not_asked_when_switched_off(
    env: simcord.Env, alice: Any, answer: discord.Message, reply: StoredReply, make_bot: Any
) -> None:
    await env.restart_bot(make_bot(ask_consent=False))
    result = await alice.click(answer, custom_id=f"troupe:up:{reply.id}")
    assert result.followups == []


async def test_who_voted_by_reaction_is_asked_at_the_next_interaction(
    channel: Any, alice: Any, bob: Any, answer: discord.Message
) -> None:
    await alice.react(answer, "👍")
    result = await bob.slash(channel, "persona list")
    assert result.followups == []
    result = await alice.slash(channel, "persona list")
    assert [followup.content for followup in result.followups] == [say("consent-question")]
    result = await alice.slash(channel, "persona list")
    assert result.followups == []


async def test_a_better_answer_is_kept(
    alice: Any, bob: Any, answer: discord.Message, reply: StoredReply, store: Store, tmp_path: Path
) -> None:
    shown = await bob.click(answer, custom_id=f"troupe:correct:{reply.id}")
    assert shown.modal["components"][0]["label"] == "How should it have answered?"
    assert shown.modal["components"][0]["component"]["value"] == answer.content
    result = await bob.submit_modal(shown, {"answer": "  Ahoy, Alice!  "})
    assert result.ephemeral
    assert result.response.content == "Thank you! I've saved your better answer."
    assert [followup.content for followup in result.followups] == [say("consent-question")]
    with sqlite3.connect(tmp_path / "troupe.db") as database:
        assert list(database.execute("SELECT reply_id, author_id, text FROM corrections")) == [
            (reply.id, bob.id, "Ahoy, Alice!")
        ]
    await store.set_consent(bob.id, False)
    shown = await bob.click(answer, custom_id=f"troupe:correct:{reply.id}")
    result = await bob.submit_modal(shown, {"answer": "Ahoy!"})
    assert "won't be used for training" in result.response.content


async def test_a_blank_better_answer_is_refused(
    env: simcord.Env, bob: Any, answer: discord.Message, reply: StoredReply
) -> None:
    shown = await bob.click(answer, custom_id=f"troupe:correct:{reply.id}")
    result = await bob.submit_modal(shown, {"answer": "  "})
    assert result.ephemeral
    assert "was empty" in result.response.content
    assert handled(env) == ["MemberError"]


async def test_a_press_is_acknowledged_at_once_and_its_figure_shown_when_the_vote_is_stored(
    env: simcord.Env, channel: Any, alice: Any, answer: discord.Message, reply: StoredReply, store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    released = asyncio.Event()
    cast_vote = store.cast_vote

    async def slowly(*vote: Any) -> bool:
        await env.external_wait(released.wait(), reason="the disk is slow")
        return await cast_vote(*vote)

    monkeypatch.setattr(store, "cast_vote", slowly)
    result = await alice.click(answer, custom_id=f"troupe:up:{reply.id}")
    assert result.acknowledged
    assert labels(channel)[0] is None
    released.set()
    await env.settle()
    assert labels(channel)[0] == "1"
    assert await store.votes(reply.id) == VoteCount(1, 0)


async def test_a_broken_store_is_a_private_sentence_and_an_error_in_the_log(
    alice: Any, answer: discord.Message, reply: StoredReply, store: Store, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    async def refuse(*_: Any) -> bool:
        raise StoreError("troupe.db is read-only: check its permissions.")

    monkeypatch.setattr(store, "cast_vote", refuse)
    result = await alice.click(answer, custom_id=f"troupe:up:{reply.id}")
    assert whispered(result) == "I can't do that right now. The people who run me can see why in the log."
    assert "troupe.db is read-only" in caplog.text


async def test_a_reply_that_cannot_be_stored_keeps_its_text(
    channel: Any, alice: Any, at_bot: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: Any) -> int:
        raise StoreError("the disk is full.")

    monkeypatch.setattr(store, "finish_reply", refuse)
    await alice.send(channel, f"{at_bot} hello")
    assert channel.last_message.content == "Aye.\n-# I couldn't save this reply, so it can't be voted on."
    assert channel.last_message.components == []


async def test_a_vote_acknowledged_too_late_counts_and_its_figure_follows(
    env: simcord.Env, channel: Any, alice: Any, answer: discord.Message, reply: StoredReply, store: Store
) -> None:
    env.inject_error("POST", "/interactions/*/callback", status=404, code=10062)
    await alice.click(answer, custom_id=f"troupe:up:{reply.id}")
    assert await store.votes(reply.id) == VoteCount(1, 0)
    assert labels(channel) == ["1", None, "Again", "Better"]


async def test_a_press_delivered_twice_is_one_press(
    env: simcord.Env, alice: Any, answer: discord.Message, reply: StoredReply, store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    emit = env.backend.emit

    def twice(event: str, payload: Any) -> None:
        emit(event, payload)
        emit(event, payload)

    monkeypatch.setattr(env.backend, "emit", twice)
    await alice.click(answer, custom_id=f"troupe:up:{reply.id}")
    assert await store.votes(reply.id) == VoteCount(1, 0)


async def test_a_dislike_may_be_given_a_reason_also_after_a_restart(
    env: simcord.Env, alice: Any, answer: discord.Message, reply: StoredReply, store: Store, make_bot: Any
) -> None:
    await store.set_consent(alice.id, False)
    result = await alice.click(answer, custom_id=f"troupe:down:{reply.id}")
    [why] = result.followups
    assert (why.ephemeral, why.content) == (True, say("reason-question"))
    await env.restart_bot(make_bot())
    noted = await alice.select(why, ["character"], custom_id=f"troupe:reason:{reply.id}")
    assert noted.response.content == "Thank you! Noted: out of character."
    assert (await store.statistics()).reasons == {"character": 1}


async def test_a_dislike_that_was_withdrawn_takes_no_reason(
    alice: Any, answer: discord.Message, reply: StoredReply, store: Store
) -> None:
    [why, _consent] = (await alice.click(answer, custom_id=f"troupe:down:{reply.id}")).followups
    await alice.click(answer, custom_id=f"troupe:down:{reply.id}")
    refused = await alice.select(why, ["rude"], custom_id=f"troupe:reason:{reply.id}")
    assert "no longer dislike that reply" in whispered(refused)
    assert (await store.statistics()).reasons == {}


async def test_a_better_answer_is_suggested_from_the_messages_menu(
    env: simcord.Env, channel: Any, bob: Any, answer: discord.Message, reply: StoredReply, store: Store
) -> None:
    form = await bob.context_menu(channel, "Suggest a better answer", answer)
    await bob.submit_modal(form, {"answer": "Ahoy!"})
    [correction] = (await store.export_member(bob.id))["corrections"]
    assert (correction["reply_id"], correction["text"]) == (reply.id, "Ahoy!")
    other = await bob.send(channel, "not a reply")
    refused = await bob.context_menu(channel, "Suggest a better answer", other)
    assert "not a reply of mine" in refused.response.content
    assert handled(env) == ["NoReplyOfMine"]


async def test_a_reply_is_deleted_by_who_asked_for_it(
    channel: Any, alice: Any, answer: discord.Message, reply: StoredReply, store: Store
) -> None:
    result = await alice.context_menu(channel, "Delete this reply", answer)
    assert result.ephemeral
    assert answer.id not in [message.id for message in channel.history()]
    assert await store.reply(reply.id) is None


async def test_a_reply_is_deleted_by_a_moderator_and_by_nobody_else(
    env: simcord.Env, guild: Any, channel: Any, bob: Any, answer: discord.Message, reply: StoredReply, store: Store
) -> None:
    refused = await bob.context_menu(channel, "Delete this reply", answer)
    assert "Manage Messages" in refused.response.content
    assert handled(env) == ["NotAllowed"]
    assert await store.reply(reply.id) is not None
    role = guild.create_role("Moderators", permissions=discord.Permissions(manage_messages=True))
    moderator = guild.add_member(env.create_user("mod"), roles=[role])
    await moderator.context_menu(channel, "Delete this reply", answer)
    assert await store.reply(reply.id) is None


class SlowStore(Store):
    """Takes a vote only once the test lets it; `order` tells when it did."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.asked, self.may_go_on = asyncio.Event(), asyncio.Event()
        self.order: list[str] = []

    async def cast_vote(self, *arguments: Any) -> bool:
        self.asked.set()
        await self.may_go_on.wait()
        changed = await super().cast_vote(*arguments)
        self.order.append("stored")
        return changed


async def test_the_bot_is_gone_only_when_the_last_reaction_is_stored(
    env: simcord.Env, channel: Any, bob: Any, answer: discord.Message, reply: StoredReply, make_bot: Any,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(bot.discord_bot.client, "LAST_EVENTS_SECONDS", 60.0)
    slow = await SlowStore.open(tmp_path / "troupe.db")
    await env.restart_bot(make_bot(store=slow))
    env.backend.set_reaction(channel.id, answer.id, "👍", bob.id, True)
    await slow.asked.wait()

    leaving = asyncio.create_task(env.bot.close())
    leaving.add_done_callback(lambda _: slow.order.append("gone"))
    await asyncio.wait({leaving}, timeout=0.1)  # long enough for a bot that waits for nothing
    slow.may_go_on.set()
    await leaving
    await slow.close()

    assert slow.order == ["stored", "gone"]
    assert rows(tmp_path / "troupe.db") == [(reply.id, 1, "reaction")]
