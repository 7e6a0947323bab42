"""Owns the buttons below a finished reply. Their custom id carries the reply's id, so they work after a restart."""

from typing import TYPE_CHECKING, Literal, cast

import discord

from bot.discord_bot.controls.persistent import NUMBER, LastingItem
from bot.discord_bot.controls.steering_buttons import AgainButton, KeepButton
from bot.discord_bot.failures import Interaction
from bot.store import Store, VoteCount

if TYPE_CHECKING:
    from bot.discord_bot.cogs.feedback import Feedback

Thumb = Literal[1, -1]
THUMBS: dict[str, tuple[str, Thumb]] = {"up": ("👍", 1), "down": ("👎", -1)}


class VoteButton(LastingItem, template=rf"troupe:(up|down):({NUMBER})"):
    def __init__(self, thumb: str, reply_id: int, count: int = 0) -> None:
        self.reply_id = reply_id
        emoji, self.value = THUMBS[thumb]
        label = str(count) if count else None
        super().__init__(discord.ui.Button(emoji=emoji, label=label, custom_id=f"troupe:{thumb}:{reply_id}"))

    async def pressed(self, interaction: Interaction) -> None:
        await _feedback(interaction).press(interaction, self.reply_id, self.value)


class CorrectButton(LastingItem, template=rf"troupe:correct:({NUMBER})"):
    def __init__(self, reply_id: int) -> None:
        self.reply_id = reply_id
        super().__init__(discord.ui.Button(emoji="✏️", custom_id=f"troupe:correct:{reply_id}"))

    async def pressed(self, interaction: Interaction) -> None:
        await _feedback(interaction).ask_for_correction(interaction, self.reply_id)


def feedback_view(reply_id: int, votes: VoteCount, rival: int | None = None) -> discord.ui.View:
    """👍 👎 with their counts, 🔁 and ✏️; beside a second answer, the `rival`, there is a choice instead of 🔁."""
    view = discord.ui.View(timeout=None)
    view.add_item(VoteButton("up", reply_id, votes.up))
    view.add_item(VoteButton("down", reply_id, votes.down))
    if rival is None:
        view.add_item(AgainButton(reply_id))
    view.add_item(CorrectButton(reply_id))
    if rival is not None:
        view.add_item(KeepButton(reply_id, rival))
    return view


async def reply_view(store: Store, reply_id: int) -> discord.ui.View | None:
    """The buttons a stored reply has now; None when another answer was kept."""
    standing = await store.standing(reply_id)
    return None if standing.given_up else feedback_view(reply_id, await store.votes(reply_id), standing.rival)


def _feedback(interaction: Interaction) -> "Feedback":
    return cast("Feedback", interaction.client.get_cog("Feedback"))
