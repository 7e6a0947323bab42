"""Answers Discord in time: a press or a command is acknowledged first, and only then written to disk.

Discord shows "interaction failed" after three seconds, however the disk feels. What was written is shown once it is
there, so an acknowledgement never says that something is stored.
"""

import contextlib
from typing import Any

import discord

from bot.discord_bot.interactions import Interaction, client_of

TAKEN = 40060  # Discord has an answer already: the one whose receipt a gateway error (502) swallowed
TOO_LATE = 10062
_THINKING = "public-thinking"


async def acknowledge(interaction: Interaction, *, ephemeral: bool = False) -> bool:
    """Take the press or the command on. False when it came too late for any answer; raises Discord's other refusals.

    A press changes nothing to see until its message is edited. A command or a form shows “thinking …” until `show`,
    with `ephemeral` to the member alone.
    """
    pressed = interaction.type is discord.InteractionType.component
    try:
        if pressed:
            await interaction.response.defer()
        else:
            await interaction.response.defer(ephemeral=ephemeral, thinking=True)
    except discord.HTTPException as error:
        if error.code == TOO_LATE:
            return False
        if error.code != TAKEN:
            raise
    interaction.extras[_THINKING] = not pressed and not ephemeral
    return True


async def show(interaction: Interaction, content: str, **options: Any) -> None:
    """Answer a command or a form that was acknowledged. Options are those of `Webhook.send`."""
    answered(interaction)
    await interaction.followup.send(content, **options)


def answered(interaction: Interaction) -> None:
    """What follows “thinking …” has taken its place."""
    interaction.extras[_THINKING] = False


async def show_privately(interaction: Interaction, content: str, **options: Any) -> None:
    """Tell the acting member alone, in whatever state the interaction is."""
    if not interaction.response.is_done():
        try:
            await interaction.response.send_message(content, ephemeral=True, **options)
        except discord.HTTPException as error:
            if error.code != TAKEN:
                raise
            if await _is_shown(interaction, content):
                return
        else:
            return
    in_public = interaction.extras.get(_THINKING, False)
    if in_public:
        # What is sent first takes the place of “thinking …” and is as public as that was: it gets a stand-in.
        answered(interaction)
        await interaction.edit_original_response(content="…")
    await interaction.followup.send(content, ephemeral=True, **options)
    if in_public:
        with contextlib.suppress(discord.HTTPException):
            await interaction.delete_original_response()


async def open_form(interaction: Interaction, form: discord.ui.Modal) -> None:
    """Answer with a form, under an id by which a later start of the bot knows that it is not its own."""
    ids = client_of(interaction).form_ids
    form.custom_id = ids.new()
    try:
        await interaction.response.send_modal(form)
    except discord.HTTPException as error:
        if error.code != TAKEN:
            raise
        ids.give_up(form.custom_id)  # the member has it, but discord.py does not wait for what it takes for refused


async def respond(interaction: Interaction, content: str, **options: Any) -> None:
    """Answer a command at once, as long as nothing has to be looked up. Options are those of `Webhook.send`."""
    try:
        await interaction.response.send_message(content, **options)
    except discord.HTTPException as error:
        if error.code != TAKEN:
            raise


async def _is_shown(interaction: Interaction, content: str) -> bool:
    """Whether the answer that Discord has already is this one, of which only the receipt was lost."""
    try:
        shown = await interaction.original_response()
    except discord.HTTPException:
        return False
    return shown.content.strip() == content.strip()
