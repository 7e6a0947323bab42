"""An unmodified discord.py bot lives in the sandbox as it would on Discord."""

from collections.abc import AsyncIterator

import discord
import pytest

from bot.sandbox import SandboxServer
from bot.sandbox.control_error import ControlError
from tests.sandbox.conftest import connected
from tests.sandbox.contract import DOCUMENT, assert_requests_valid
from tests.sandbox.member import CARD, Member
from tests.sandbox.small_bot import LATE_SECONDS, STREAMED, SmallBot
from tests.waiting import until

DONE = "".join(STREAMED)


@pytest.fixture(autouse=True)
async def every_request_is_documented(server: SandboxServer) -> AsyncIterator[None]:
    yield
    if DOCUMENT.is_file():
        assert_requests_valid(server.requests)


async def test_a_mention_is_answered_by_a_reply_that_streams(server: SandboxServer, bot: SmallBot) -> None:
    mika = Member(server)

    said = await mika.ask("Is Paris in France?")
    await bot.wait_heard("answered")

    question, answer = mika.sees
    assert answer["content"] == DONE
    assert answer["reply"]["id"] == question["id"] == said["id"]
    edits = [request for request in server.requests if request.method == "PATCH"]
    assert [edit.body["content"] for edit in edits] == ["".join(STREAMED[:n]) for n in (2, 3, 4)]
    assert [button["custom_id"] for button in answer["components"][0]["components"]] == [
        "up",
        "down",
        "better",
        "locked",
    ]
    for _ in range(3):
        await bot.wait_heard("edit")


async def test_without_the_message_content_intent_only_addressed_text_is_readable(
    server: SandboxServer, bot: SmallBot
) -> None:
    mika = Member(server)

    await mika.say(content="between ourselves")
    await mika.ask("you may read this")

    overheard, addressed = await bot.wait_heard("message"), await bot.wait_heard("message")
    assert overheard.content == ""
    assert "you may read this" in addressed.content
    assert addressed.mentions == [bot.user]
    channel = bot.get_channel(mika.channel)
    assert isinstance(channel, discord.TextChannel)
    history = [message.content async for message in channel.history(oldest_first=True)]
    assert history[:2] == ["", addressed.content]


async def test_with_the_message_content_intent_everything_is_readable(server: SandboxServer) -> None:
    intents = discord.Intents.default()
    intents.message_content = True
    async with connected(server, SmallBot(intents)) as bot:
        assert bot.application_flags.gateway_message_content_limited
        await Member(server).say(content="between ourselves")

        assert (await bot.wait_heard("message")).content == "between ourselves"


async def test_a_reply_to_the_bot_is_readable(server: SandboxServer, bot: SmallBot) -> None:
    mika = Member(server)
    await mika.ask("hello")
    sent = await bot.wait_heard("answered")
    await bot.wait_heard("message")

    await mika.say(content="and in Italy?", reply_to=sent.id)

    heard = await bot.wait_heard("message")
    assert heard.content == "and in Italy?"
    assert heard.reference.message_id == sent.id


async def test_direct_messages_need_no_mention(server: SandboxServer, bot: SmallBot) -> None:
    juno = server.members["juno"]
    dm = server.dm_channel(juno)

    await server.control.say(member=juno, channel=dm, content="psst, are you there?")
    await bot.wait_heard("answered")

    assert [message["content"] for message in server.messages(dm)] == ["psst, are you there?", DONE]
    with pytest.raises(Exception, match="Missing Access"):
        await server.control.say(member=server.members["pip"], channel=dm, content="me too")


async def test_reactions_reach_the_bot_when_they_come_and_when_they_go(server: SandboxServer, bot: SmallBot) -> None:
    mika, pip = Member(server), Member(server, "pip")
    await mika.ask("hello")
    sent = await bot.wait_heard("answered")

    await pip.react(message=sent.id, emoji="👍")
    await pip.react(message=sent.id, emoji="👍")  # already there: nothing happens
    await pip.react(message=sent.id, emoji="👍", on=False)

    added, removed = await bot.wait_heard("reaction_add"), await bot.wait_heard("reaction_remove")
    assert (added.user_id, added.message_id, str(added.emoji)) == (pip.id, sent.id, "👍")
    assert (removed.user_id, removed.message_id, str(removed.emoji)) == (pip.id, sent.id, "👍")
    assert bot.count("reaction_add") == 0


async def test_the_bot_can_react_and_delete(server: SandboxServer, bot: SmallBot) -> None:
    mika = Member(server)
    await mika.say(content="react to this")
    heard = await bot.wait_heard("message")

    await heard.add_reaction("🎉")
    assert mika.sees[0]["reactions"] == [{"emoji": "🎉", "members": [str(server.bot_id)]}]
    await heard.remove_reaction("🎉", bot.user)
    assert mika.sees[0]["reactions"] == []
    await heard.delete()
    assert mika.sees == []


async def test_members_edit_and_delete_their_own_messages(server: SandboxServer, bot: SmallBot) -> None:
    mika, pip = Member(server), Member(server, "pip")
    said = await mika.ask("frist")
    await bot.wait_heard("answered")

    await mika.edit(message=said["id"], content=f"<@{server.bot_id}> first")
    with pytest.raises(ControlError, match="only your own"):
        await pip.edit(message=said["id"], content="hacked")
    with pytest.raises(Exception, match="Missing Permissions"):
        await pip.delete(message=said["id"])
    await mika.delete(message=said["id"])

    assert (await bot.wait_heard("delete")).message_id == int(said["id"])
    edits = [(await bot.wait_heard("edit"))[1].content for _ in range(4)]
    assert f"<@{server.bot_id}> first" in edits


async def test_threads_inherit_and_are_answered(server: SandboxServer, bot: SmallBot) -> None:
    mika = Member(server)
    said = await mika.say(content="let us go aside")

    thread = await mika.thread(name="aside", message=said["id"])
    heard = await bot.wait_heard("thread")
    await server.control.say(member=mika.id, channel=thread["id"], content=f"<@{server.bot_id}> hello")
    await bot.wait_heard("answered")

    assert (heard.id, heard.parent_id, heard.name) == (int(thread["id"]), mika.channel, "aside")
    assert server.messages(heard.id)[-1]["content"] == DONE


async def test_the_bot_can_open_a_thread(server: SandboxServer, bot: SmallBot) -> None:
    mika = Member(server)
    await mika.say(content="a long story")
    heard = await bot.wait_heard("message")

    thread = await heard.create_thread(name="story")
    await thread.send("once upon a time")

    assert server.messages(thread.id)[0]["content"] == "once upon a time"


# ---------------------------------------------------------------------- interactions


async def test_slash_commands_run_with_their_options(server: SandboxServer, bot: SmallBot) -> None:
    mika = Member(server)

    outcome = await mika.slash(command="persona", path=["switch"], options={"name": "pirate"})

    assert outcome["kind"] == "message"
    assert mika.sees[-1]["content"] == "**pirate** speaks here now."
    assert mika.sees[-1]["used"] == {"member": "Mika", "command": "persona switch"}


async def test_member_options_are_resolved(server: SandboxServer, bot: SmallBot) -> None:
    mika = Member(server)

    await mika.slash(command="show", options={"who": str(server.members["pip"])})

    shown = mika.sees[-1]
    assert shown["embeds"][0]["description"] == "of Pip"
    assert shown["attachments"][0]["filename"] == "votes.csv"
    channel = bot.get_channel(mika.channel)
    assert isinstance(channel, discord.TextChannel)
    message = await channel.fetch_message(int(shown["id"]))
    assert await message.attachments[0].read() == b"a,b\n1,2\n"


async def test_bad_options_are_refused_before_the_bot_hears_of_them(server: SandboxServer, bot: SmallBot) -> None:
    mika = Member(server)

    for options, problem in (
        ({}, "needs name"),
        ({"name": "x", "volume": "11"}, "no option called volume"),
        ({"name": "x", "loud": "perhaps"}, "JSON boolean"),
    ):
        with pytest.raises(ControlError, match=problem):
            await mika.slash(command="persona", path=["switch"], options=options)
    with pytest.raises(ControlError, match="no such member"):
        await mika.slash(command="show", options={"who": "7"})
    with pytest.raises(ControlError, match="no such command"):
        await mika.slash(command="nonsense", options={})


async def test_autocomplete_asks_the_bot(server: SandboxServer, bot: SmallBot) -> None:
    asked = {"command": "persona", "path": ["switch"], "focused": "name"}

    some = await Member(server).autocomplete(options={"name": "ir"}, **asked)
    everything = await Member(server).autocomplete(options={}, **asked)

    assert some["choices"] == [{"name": "Pirate 🎭", "value": "pirate"}]
    assert len(everything["choices"]) == 3


async def test_commands_are_listed_for_whoever_may_use_them(server: SandboxServer, bot: SmallBot) -> None:
    owner = await Member(server).commands()
    member = await Member(server, "pip").commands()

    assert {c["name"] for c in owner["slash"]} - {c["name"] for c in member["slash"]} == {"train"}
    switch = next(c for c in owner["slash"] if c["name"] == "persona switch")
    assert [(o["name"], o["required"], o["autocomplete"]) for o in switch["options"]] == [
        ("name", True, True),
        ("loud", False, False),
    ]
    with pytest.raises(ControlError, match="not allowed to use it"):
        await Member(server, "pip").slash(command="train", options={})


async def test_buttons_edit_their_message_in_place(server: SandboxServer, bot: SmallBot) -> None:
    mika = Member(server)
    await mika.ask("hello")
    sent = await bot.wait_heard("answered")

    outcome = await mika.click(message=sent.id, custom_id="up")

    assert outcome["kind"] == "update"
    assert mika.sees[-1]["components"][0]["components"][0]["label"] == "1"
    with pytest.raises(ControlError, match="switched off"):
        await mika.click(message=sent.id, custom_id="locked")
    with pytest.raises(ControlError, match="no longer on the message"):
        await mika.click(message=sent.id, custom_id="gone")


async def test_select_menus_send_the_choice(server: SandboxServer, bot: SmallBot) -> None:
    mika = Member(server)
    await mika.slash(command="show", options={"who": str(mika.id)})
    shown = mika.sees[-1]
    menu = shown["components"][0]["components"][0]

    with pytest.raises(ControlError, match="not in the menu"):
        await mika.click(message=shown["id"], custom_id=menu["custom_id"], values=["other"])
    await mika.click(message=shown["id"], custom_id=menu["custom_id"], values=["rude"])

    assert mika.sees[-1]["content"] == "You chose rude."
    assert mika.sees[-1]["components"] == []


async def test_modals_are_filled_in_and_answered_privately(server: SandboxServer, bot: SmallBot) -> None:
    mika, pip = Member(server), Member(server, "pip")
    await mika.ask("hello")
    sent = await bot.wait_heard("answered")

    opened = await mika.click(message=sent.id, custom_id="better")
    assert opened["modal"]["title"] == "How should it have answered?"
    submit = server.control.submit
    with pytest.raises(ControlError, match="required"):
        await submit(member=mika.id, interaction=opened["interaction"], fields={"answer": ""})
    with pytest.raises(ControlError, match="at most 200"):
        await submit(member=mika.id, interaction=opened["interaction"], fields={"answer": "x" * 201})
    with pytest.raises(ControlError, match="no longer open"):
        await submit(member=pip.id, interaction=opened["interaction"], fields={"answer": "mine"})
    outcome = await submit(member=mika.id, interaction=opened["interaction"], fields={"answer": "Yes, it is."})

    assert outcome["kind"] == "message"
    assert mika.sees[-1]["content"] == "Thank you: Yes, it is."
    assert mika.sees[-1]["visible_to"] == str(mika.id)
    with pytest.raises(ControlError, match="no longer open"):
        await submit(member=mika.id, interaction=opened["interaction"], fields={"answer": "again"})


async def test_ephemeral_answers_are_for_one_member_only(server: SandboxServer, bot: SmallBot) -> None:
    mika, pip = Member(server), Member(server, "pip")

    await mika.slash(command="secret", options={})

    whisper = mika.sees[-1]
    assert whisper["visible_to"] == str(mika.id)
    with pytest.raises(Exception, match="Unknown Message"):
        await pip.delete(message=whisper["id"])
    with pytest.raises(ControlError, match="can't react"):
        await mika.react(message=whisper["id"], emoji="👍")
    channel = bot.get_channel(mika.channel)
    assert isinstance(channel, discord.TextChannel)
    assert [message async for message in channel.history()] == []
    with pytest.raises(discord.NotFound):
        await channel.fetch_message(int(whisper["id"]))


async def test_message_commands_carry_their_message(server: SandboxServer, bot: SmallBot) -> None:
    mika = Member(server)
    await mika.ask("hello")
    sent = await bot.wait_heard("answered")

    outcome = await mika.menu(message=sent.id, command="Suggest a better answer")

    assert outcome["kind"] == "modal"
    assert (await bot.wait_heard("menu")).id == sent.id


async def test_deferred_answers_show_thinking_and_are_followed_up(server: SandboxServer, bot: SmallBot) -> None:
    mika = Member(server)

    outcome = await mika.slash(command="slow", options={})

    assert outcome["kind"] == "deferred"
    assert mika.sees[-1]["thinking"]
    await until(lambda: len(mika.sees) == 2)
    assert [(m["content"], m["thinking"]) for m in mika.sees] == [
        ("Thought about it.", False),
        ("And one more thing.", False),
    ]


@pytest.mark.parametrize("answer_seconds", [LATE_SECONDS])
async def test_an_answer_after_discords_three_seconds_is_too_late(server: SandboxServer, bot: SmallBot) -> None:
    outcome = await Member(server).slash(command="late", options={})

    assert outcome["kind"] == "failed"
    error = await bot.wait_heard("late")
    assert (error.status, error.code) == (404, 10062)


# ---------------------------------------------------------------------- files


async def test_an_attachment_option_is_read_by_the_bot(server: SandboxServer, bot: SmallBot) -> None:
    mika = Member(server)

    await mika.slash(command="import", options={"card": CARD})

    answer = mika.sees[-1]
    assert answer["content"] == "Read card.json (15 bytes)."
    assert answer["visible_to"] == str(mika.id)
    assert answer["attachments"][0]["filename"] == "card.json"


@pytest.mark.parametrize(
    ("card", "problem"),
    [
        ("card.json", "not a file"),
        ({"filename": "a/b", "data": ""}, "not a file"),
        ({"filename": "a", "data": "A"}, "not a file"),
        ({"filename": "big.bin", "data": "A" * (14 * 2**20)}, "at most 10 MB"),
    ],
)
async def test_what_is_no_file_is_refused(server: SandboxServer, bot: SmallBot, card: object, problem: str) -> None:
    with pytest.raises(ControlError, match=problem):
        await Member(server).slash(command="import", options={"card": card})


async def test_members_attach_files_to_their_messages(server: SandboxServer, bot: SmallBot) -> None:
    mika = Member(server)

    await mika.say(content=f"<@{server.bot_id}> look", files=[CARD])

    heard = await bot.wait_heard("message")
    assert await heard.attachments[0].read() == b'{"name": "Pip"}'
    assert mika.sees[0]["attachments"][0]["content_type"] == "application/json"
    with pytest.raises(ControlError, match="at most 10 files"):
        await mika.say(content="look", files=[CARD] * 11)


async def test_a_menu_in_a_private_message_answers_in_its_place(server: SandboxServer, bot: SmallBot) -> None:
    mika, pip = Member(server), Member(server, "pip")
    await mika.slash(command="why", options={})
    whisper = mika.sees[-1]
    menu = whisper["components"][0]["components"][0]["custom_id"]

    with pytest.raises(Exception, match="Unknown Message"):
        await pip.click(message=whisper["id"], custom_id=menu, values=["rude"])
    outcome = await mika.click(message=whisper["id"], custom_id=menu, values=["rude"])

    assert outcome["kind"] == "update"
    assert [(m["id"], m["content"], m["visible_to"]) for m in mika.sees] == [
        (whisper["id"], "You chose rude.", str(mika.id))
    ]


async def test_forms_take_files_choices_and_ticks(server: SandboxServer, bot: SmallBot) -> None:
    mika = Member(server)
    filled = {"card": [CARD], "tone": ["rude"], "tags": ["sea", "land"], "shy": True}

    opened = await mika.slash(command="form", options={})
    for field, value, problem in (
        ("tone", [], "Choose between"),
        ("tone", ["loud"], "not in the menu"),
        ("card", [CARD, CARD], "Choose between 1 and 1 files"),
    ):
        with pytest.raises(ControlError, match=problem):
            await server.control.submit(
                member=mika.id, interaction=opened["interaction"], fields={**filled, field: value}
            )
    await server.control.submit(member=mika.id, interaction=opened["interaction"], fields=filled)
    assert mika.sees[-1]["content"] == "['card.json'] rude ['sea', 'land'] True"

    opened = await mika.slash(command="form", options={})
    await server.control.submit(member=mika.id, interaction=opened["interaction"], fields={"tone": ["gentle"]})
    assert mika.sees[-1]["content"] == "[] gentle [] False"
