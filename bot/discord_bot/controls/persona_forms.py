"""The form in which a server writes a persona of its own; it opens again when something in it was wrong."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import discord

from bot.discord_bot.controls.typed_words import typed_file
from bot.discord_bot.failures import GuardedModal, GuardedView
from bot.discord_bot.interactions import Interaction, client_of
from bot.discord_bot.responding import open_form, show_privately
from bot.personas.catalog import GREETING_LENGTH, Persona
from bot.personas.server_personas import BadPersona
from bot.wording import say

SavePersona = Callable[[Interaction, Mapping[str, object]], Awaitable[None]]


def _fields() -> tuple[tuple[str, str, int, bool, bool], ...]:
    """(key, label, longest, required, paragraph) of each."""
    return (
        ("display_name", say("persona-form-display-name"), 32, True, False),
        ("description", say("persona-form-description"), 100, True, False),
        ("system_prompt", say("persona-form-system-prompt"), 4000, True, True),
        ("greeting", say("persona-form-greeting"), GREETING_LENGTH, False, True),
        ("avatar", say("persona-form-avatar"), 8, False, False),
    )


class PersonaForm(GuardedModal):
    """`save` receives what was typed; what it refuses as BadPersona can be mended in the same form."""

    def __init__(self, title: str, values: Mapping[str, object], save: SavePersona) -> None:
        super().__init__(title)
        self._values = dict(values)
        self._save = save
        self._inputs: dict[str, discord.ui.TextInput[Any]] = {}
        for key, label, longest, required, paragraph in _fields():
            style = discord.TextStyle.paragraph if paragraph else discord.TextStyle.short
            field: discord.ui.TextInput[Any] = discord.ui.TextInput(
                custom_id=key,
                style=style,
                max_length=longest,
                required=required,
                default=str(values.get(key, "")) or None,
            )
            self._inputs[key] = field
            self.add_item(discord.ui.Label(text=label, component=field))

    async def on_submit(self, interaction: Interaction, /) -> None:
        typed = {key: field.value.strip() for key, field in self._inputs.items()}
        values = {**self._values, **typed, "avatar": typed["avatar"] or "🎭"}
        try:
            await self._save(interaction, values)
        except BadPersona as error:
            again = FormAgain(self.title, values, self._save)
            again.open.custom_id = client_of(interaction).form_ids.new()
            # The file outlives a restart; the values behind the button do not.
            await show_privately(interaction, error.said(), view=again, file=typed_file(typed))


class FormAgain(GuardedView):
    def __init__(self, title: str, values: Mapping[str, object], save: SavePersona) -> None:
        super().__init__()
        self._form = title, values, save
        self.open.label = say("persona-form-again")

    @discord.ui.button(style=discord.ButtonStyle.primary)
    async def open(self, interaction: Interaction, _: discord.ui.Button[Any]) -> None:
        await open_form(interaction, PersonaForm(*self._form))


def values_of(persona: Persona) -> dict[str, object]:
    """What the form shows of a persona, and what it hands on unshown."""
    return persona.model_dump()
