"""The optional question why a member disliked a reply."""

from typing import Any, cast, get_args

import discord

from bot.discord_bot.controls.persistent import persistent_view
from bot.discord_bot.interactions import Action, Interaction
from bot.store import VoteReason

REASON = Action[[int]]("reason")  # reply
QUESTION = "Noted. If you like, say what was wrong with it:"
LABELS: dict[VoteReason, tuple[str, str]] = {
    "wrong": ("❌", "It is wrong"),
    "character": ("🎭", "Out of character"),
    "rude": ("😠", "Rude"),
    "long": ("📏", "Too long"),
    "other": ("💬", "Something else"),
}
assert set(LABELS) == set(get_args(VoteReason))


def reason_view(reply_id: int) -> discord.ui.View:
    options = [
        discord.SelectOption(label=label, value=reason, emoji=emoji) for reason, (emoji, label) in LABELS.items()
    ]
    return persistent_view(
        discord.ui.Select(placeholder="What was wrong with it?", options=options, custom_id=REASON.custom_id(reply_id))
    )


def chosen_reason(interaction: Interaction) -> VoteReason:
    data: dict[str, Any] = dict(interaction.data or {})
    [chosen] = [value for value in data.get("values", []) if value in LABELS][:1] or ["other"]
    return cast(VoteReason, chosen)
