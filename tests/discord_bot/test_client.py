import logging
from pathlib import Path
from typing import Any

import pytest
import simcord

from bot.discord_bot.client import intents
from tests.discord_bot.conftest import MakeBot


def syncs(env: simcord.Env) -> int:
    return sum(request.method == "PUT" and request.path.endswith("/commands") for request in env.http_requests)


def test_no_privileged_intent_is_asked_for() -> None:
    asked = intents()
    assert [asked.message_content, asked.members, asked.presences] == [False, False, False]
    assert asked.guild_reactions
    assert asked.dm_reactions


async def test_commands_are_sent_to_discord_only_when_they_changed(make_bot: MakeBot, tmp_path: Path) -> None:
    state = tmp_path / "state" / "commands"
    async with simcord.run(make_bot(commands_file=state)) as env:
        assert syncs(env) == 1
        await env.restart_bot(make_bot(commands_file=state))
        assert syncs(env) == 1
        state.write_text("another set of commands\n")
        await env.restart_bot(make_bot(commands_file=state))
        assert syncs(env) == 2
        await env.restart_bot(make_bot())
        assert syncs(env) == 3


async def test_a_state_file_that_cannot_be_written_only_warns(
    make_bot: MakeBot, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    async with simcord.run(make_bot(commands_file=tmp_path / "file" / "commands")) as env:
        assert syncs(env) == 1
    assert "will be sent to Discord again" in caplog.text


async def test_refused_commands_leave_chatting_intact(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, make_bot: MakeBot, caplog: pytest.LogCaptureFixture
) -> None:
    env.inject_error("PUT", "/applications/*/commands", status=400, code=50035)
    await env.restart_bot(make_bot())
    assert "Discord refused the slash commands (400, code 50035)" in caplog.text
    await alice.send(channel, f"{at_bot} hello")
    assert channel.last_message.content == "Aye."


async def test_commands_work_in_servers_and_direct_messages_and_not_elsewhere(env: simcord.Env) -> None:
    for command in env.bot.tree.get_commands():
        described = command.to_dict(env.bot.tree)
        assert described["contexts"] == [0, 1], command.name
        assert described["integration_types"] == [0], command.name


async def test_a_prefix_command_is_only_a_message(
    env: simcord.Env, channel: Any, alice: Any, at_bot: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        await alice.send(channel, f"{at_bot} help")
    assert channel.last_message.content == "Aye."
    assert caplog.text == ""
