"""Every kind of failure becomes a sentence; the precedence is the docstring of bot/discord_bot/failures.py."""

from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest
from discord import app_commands

from bot.discord_bot.failures import explain
from bot.errors import EngineStopped, QueueFull, StoreError


def refusal(kind: type[discord.HTTPException], status: int, code: int) -> discord.HTTPException:
    return kind(cast(Any, SimpleNamespace(status=status, reason="")), {"code": code, "message": "secret words"})


@pytest.mark.parametrize(
    ("error", "sentence", "logged"),
    [
        (QueueFull(3), "3 messages are waiting", ""),
        (StoreError("the disk is full."), "can see why in the log", "the disk is full."),
        (app_commands.MissingPermissions(["manage_channels"]), "Manage Channels", ""),
        (app_commands.NoPrivateMessage(), "You can't do that here.", ""),
        (app_commands.CommandNotFound("old", []), "old version of that command", "older set of commands"),
        (refusal(discord.Forbidden, 403, 50013), "didn't let me", "403 (code 50013)"),
        (refusal(discord.NotFound, 404, 10062), "didn't let me", "404 (code 10062)"),
        (ZeroDivisionError("secret"), "Something broke on my side (error ", "unexpected error"),
    ],
)
def test_each_failure_has_its_sentence(
    error: Exception, sentence: str, logged: str, caplog: pytest.LogCaptureFixture
) -> None:
    said = explain(error, "/test")
    assert sentence in said
    assert "secret" not in said
    assert "secret words" not in caplog.text
    assert logged in caplog.text
    assert bool(caplog.records) == bool(logged)


def test_discord_pys_wrapping_is_taken_off() -> None:
    command = cast(Any, SimpleNamespace(name="test"))
    assert explain(app_commands.CommandInvokeError(command, EngineStopped()), "/test") == str(EngineStopped())
