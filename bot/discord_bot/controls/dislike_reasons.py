"""The optional question why a member disliked a reply."""

from typing import Any, cast, get_args

import discord

from bot.discord_bot.controls.persistent import persistent_view
from bot.discord_bot.interactions import Action, Interaction
from bot.store import VoteReason
from bot.wording import say

REASON = Action[[int]]("reason")  # reply
EMOJI: dict[VoteReason, str] = {"wrong": "❌", "character": "🎭", "rude": "😠", "long": "📏", "other": "💬"}
assert set(EMOJI) == set(get_args(VoteReason))


def reason_view(reply_id: int) -> discord.ui.View:
    labels: dict[VoteReason, str] = {
        "wrong": say("reason-wrong"),
        "character": say("reason-character"),
        "rude": say("reason-rude"),
        "long": say("reason-long"),
        "other": say("reason-other"),
    }
    options = [discord.SelectOption(label=labels[reason], value=reason, emoji=emoji) for reason, emoji in EMOJI.items()]
    placeholder = say("reason-placeholder")
    return persistent_view(
        discord.ui.Select(placeholder=placeholder, options=options, custom_id=REASON.custom_id(reply_id))
    )


def chosen_reason(interaction: Interaction) -> VoteReason:
    data: dict[str, Any] = dict(interaction.data or {})
    [chosen] = [value for value in data.get("values", []) if value in EMOJI][:1] or ["other"]
    return cast(VoteReason, chosen)
