"""What the buttons' custom ids say, and that every press finds its handler."""

import importlib
import pkgutil
from typing import Any

import discord
import pytest
import simcord

import bot.discord_bot.controls
from bot.discord_bot.client import TroupeBot
from bot.discord_bot.controls.buttons import again_view, feedback_view, stop_view
from bot.discord_bot.controls.consent import consent_view
from bot.discord_bot.controls.dislike_reasons import reason_view
from bot.discord_bot.interactions import Action, Interaction, PressHandlers, UnknownPress
from bot.store import VoteCount
from tests.discord_bot.conftest import handled


def declared_actions() -> dict[str, Action[Any]]:
    package = bot.discord_bot.controls
    modules = [
        importlib.import_module(f"{package.__name__}.{found.name}") for found in pkgutil.iter_modules(package.__path__)
    ]
    values = [value for module in modules for value in vars(module).values()]
    return {action.word: action for action in values if isinstance(action, Action)}


def custom_ids(view: discord.ui.View) -> list[str]:
    return [item.custom_id for item in view.children]  # type: ignore[attr-defined]


async def test_every_action_is_handled_by_a_cog(env: simcord.Env) -> None:
    actions = declared_actions()
    assert isinstance(env.bot, TroupeBot)

    assert len(actions) == 15
    assert [word for word, action in actions.items() if not env.bot.press_handlers.handles(action)] == []


async def test_custom_ids_stay_what_they_are_because_messages_in_discord_carry_them() -> None:
    votes = VoteCount(2, 0)

    assert custom_ids(stop_view()) == ["troupe:stop"]
    assert custom_ids(again_view(7)) == ["troupe:again:7"]
    assert custom_ids(feedback_view(7, votes)) == ["troupe:up:7", "troupe:down:7", "troupe:again:7", "troupe:correct:7"]
    assert custom_ids(feedback_view(8, votes, 7))[2:] == ["troupe:correct:8", "troupe:keep:8:7"]
    assert custom_ids(reason_view(7)) == ["troupe:reason:7"]
    assert custom_ids(consent_view()) == ["troupe:consent:yes", "troupe:consent:no", "troupe:consent-more"]


async def test_a_press_reaches_its_handler_with_the_ids_in_its_custom_id() -> None:
    pressed = []

    async def keep(_interaction: object, kept: int, other: int) -> None:
        pressed.append((kept, other))

    presses, action = PressHandlers(), Action[[int, int]]("keep", open_to_all=True)
    presses.add(action.calls(keep))
    await presses.handle(None, action.custom_id(18, 17))  # type: ignore[arg-type]

    assert pressed == [(18, 17)]


async def test_a_handler_or_an_id_of_the_wrong_shape_is_a_type_error() -> None:
    async def like(_interaction: Interaction, reply_id: int) -> None: ...

    action = Action[[int]]("up")
    routes = [action.calls(like)]
    # Each `ignore` below would be an error itself if mypy accepted its line.
    routes.append(Action[[int, int]]("keep").calls(like))  # type: ignore[arg-type]
    routes.append(Action[[]]("stop").calls(like))  # type: ignore[arg-type]
    ids = [action.custom_id("7"), action.custom_id(7, 8)]  # type: ignore[arg-type, call-arg]

    assert [route.word for route in routes] == ["up", "keep", "stop"]
    assert ids == ["troupe:up:7", "troupe:up:7:8"]


@pytest.mark.parametrize("custom_id", ["troupe:gone:7", "troupe:", "elsewhere", "troupe:keep:x"])
async def test_a_press_that_nobody_handles_is_a_plain_refusal(custom_id: str) -> None:
    with pytest.raises(UnknownPress):
        await PressHandlers().handle(None, custom_id)  # type: ignore[arg-type]


async def test_a_member_who_presses_a_button_of_an_older_version_reads_a_sentence(
    env: simcord.Env, channel: Any, alice: Any
) -> None:
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="Old", custom_id="troupe:gone:7"))
    with env._bot_scope():
        message = await env.bot.get_channel(channel.id).send("an old message", view=view)

    result = await alice.click(message, custom_id="troupe:gone:7")

    assert result.response.content == "That button no longer works."
    assert handled(env) == []
