"""Owns the optional question why a member disliked a reply. Its custom id carries the reply's id."""

from typing import TYPE_CHECKING, Any, cast, get_args

import discord

from bot.discord_bot.controls.persistent import NUMBER, LastingItem
from bot.discord_bot.failures import Interaction
from bot.store import VoteReason

if TYPE_CHECKING:
    from bot.discord_bot.cogs.feedback import Feedback

QUESTION = "Noted. If you like, say what was wrong with it:"
LABELS: dict[VoteReason, tuple[str, str]] = {
    "wrong": ("❌", "It is wrong"),
    "character": ("🎭", "Out of character"),
    "rude": ("😠", "Rude"),
    "long": ("📏", "Too long"),
    "other": ("💬", "Something else"),
}
assert set(LABELS) == set(get_args(VoteReason))


class ReasonSelect(LastingItem, template=rf"troupe:reason:({NUMBER})"):
    def __init__(self, reply_id: int) -> None:
        self.reply_id = reply_id
        options = [
            discord.SelectOption(label=label, value=reason, emoji=emoji) for reason, (emoji, label) in LABELS.items()
        ]
        super().__init__(
            discord.ui.Select(
                placeholder="What was wrong with it?", options=options, custom_id=f"troupe:reason:{reply_id}"
            )
        )

    async def pressed(self, interaction: Interaction) -> None:
        data: dict[str, Any] = dict(interaction.data or {})
        [chosen] = [value for value in data.get("values", []) if value in LABELS][:1] or ["other"]
        feedback = cast("Feedback", interaction.client.get_cog("Feedback"))
        await feedback.give_reason(interaction, self.reply_id, cast(VoteReason, chosen))


def reason_view(reply_id: int) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    view.add_item(ReasonSelect(reply_id))
    return view
