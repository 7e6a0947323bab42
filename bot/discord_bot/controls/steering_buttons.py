"""Owns the buttons that steer an answer: ⏹ while it grows, 🔁 for a second one, and which of two is kept.

Their custom ids carry the replies' ids, so they work after a restart.
"""

from typing import TYPE_CHECKING, cast

import discord

from bot.discord_bot.controls.persistent import NUMBER, LastingItem
from bot.discord_bot.failures import Interaction
from bot.errors import NotAllowed

if TYPE_CHECKING:
    from bot.discord_bot.cogs.chat import Chat
    from bot.discord_bot.cogs.second_answers import SecondAnswers


class StopButton(LastingItem, template=r"troupe:stop"):
    """Which reply it stops is known by the message it hangs below."""

    def __init__(self) -> None:
        super().__init__(discord.ui.Button(emoji="⏹️", label="Stop", custom_id="troupe:stop"))

    async def pressed(self, interaction: Interaction) -> None:
        await cast("Chat", interaction.client.get_cog("Chat")).stop(interaction)


class AgainButton(LastingItem, template=rf"troupe:again:({NUMBER})"):
    def __init__(self, reply_id: int) -> None:
        self.reply_id = reply_id
        super().__init__(discord.ui.Button(emoji="🔁", custom_id=f"troupe:again:{reply_id}"))

    async def pressed(self, interaction: Interaction) -> None:
        await _second_answers(interaction).write(interaction, self.reply_id)


class KeepButton(LastingItem, template=rf"troupe:keep:({NUMBER}):({NUMBER})"):
    def __init__(self, kept: int, other: int) -> None:
        self.kept, self.other = kept, other
        super().__init__(
            discord.ui.Button(
                label="Keep this", style=discord.ButtonStyle.success, custom_id=f"troupe:keep:{kept}:{other}"
            )
        )

    async def pressed(self, interaction: Interaction) -> None:
        await _second_answers(interaction).keep(interaction, self.kept, self.other)


def stop_view() -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    view.add_item(StopButton())
    return view


def again_view(reply_id: int) -> discord.ui.View:
    """🔁 alone, below an answer that never came."""
    view = discord.ui.View(timeout=None)
    view.add_item(AgainButton(reply_id))
    return view


def check_steers(interaction: Interaction, asker_id: int, what: str) -> None:
    """Raise NotAllowed unless the member asked for the answer or may manage messages here."""
    if interaction.user.id == asker_id:
        return
    if interaction.guild_id is not None and interaction.permissions.manage_messages:
        return
    raise NotAllowed(f"Only the member who asked, or someone with the permission Manage Messages, can {what}.")


def _second_answers(interaction: Interaction) -> "SecondAnswers":
    return cast("SecondAnswers", interaction.client.get_cog("SecondAnswers"))
