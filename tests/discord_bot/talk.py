"""What the tests of talking look at: the bot's messages, their buttons, and the prompt the engine was given."""

from contextlib import AbstractContextManager
from typing import Any

import discord
import pytest
import simcord
from simcord.http.routes import interactions

from tests.fakes import ScriptedEngine


def as_bot(env: simcord.Env) -> AbstractContextManager[Any]:
    """What the test does in the block is done by the bot, and no error of the test's; simcord has no public name."""
    return env._bot_scope()


def let_webhooks_have_buttons(monkeypatch: pytest.MonkeyPatch) -> None:
    """Discord takes buttons from webhooks that an application owns; simcord 3.2.1 takes all for people's."""
    monkeypatch.setattr(interactions, "_incoming_webhook_body", lambda context: (dict(context.body()), True))


def answers(env: simcord.Env, channel: Any) -> list[discord.Message]:
    return [message for message in channel.history() if message.author.id == env.bot.user.id]


def contents(env: simcord.Env, channel: Any) -> list[str]:
    return [message.content for message in answers(env, channel)]


def whispered(result: simcord.InteractionResult) -> str:
    """What the bot told the acting member alone, last."""
    private = [message for message in (result.response, *result.followups) if message is not None and message.ephemeral]
    return private[-1].content if private else ""


def buttons(message: discord.Message) -> list[str]:
    """The custom ids of its buttons."""
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    return [button.custom_id or "" for row in rows for button in row.children]


def spoken_prompt(engine: ScriptedEngine) -> str:
    return "".join(map(chr, engine.requests[-1].prompt_ids))
