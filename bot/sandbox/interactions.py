"""Interactions in flight: a member's click or command goes out to the bot, and its first answer comes back.

Discord gives the bot three seconds for that answer; the member is told when it stays away.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simcord import interactions as builders
from simcord.backend import serializers

from bot.sandbox.world import World

ANSWER_SECONDS = 3.0


@dataclass(frozen=True)
class InteractionOutcome:
    """How the bot answered first. `kind`: message, deferred, update, deferred_update, modal, autocomplete, failed."""

    interaction: int
    kind: str
    message: int | None = None
    modal: Mapping[str, Any] | None = None
    choices: tuple[Mapping[str, Any], ...] = ()

    @property
    def failed(self) -> bool:
        return self.kind == "failed"


class Interactions:
    def __init__(self, world: World, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._world = world
        self._answer_seconds = answer_seconds
        self._waiting: dict[int, asyncio.Future[None]] = {}

    async def start(
        self, kind: int, member: int, channel: int, data: dict[str, Any], *, source: Any = None
    ) -> InteractionOutcome:
        """Send INTERACTION_CREATE and wait for the bot's first answer, as long as Discord would.

        `source` is the message whose component was used.
        """
        record, payload = builders.base_payload(
            self._world,
            type=kind,
            channel_id=channel,
            guild_id=self._world.get_channel(channel).guild_id,
            user_id=member,
            data=data,
        )
        payload["locale"] = self._world.locale
        if "guild_locale" in payload:
            payload["guild_locale"] = self._world.locale
        record.initial_response_deadline = self._world.iso_after(self._answer_seconds)
        if record.command_name is not None:
            record.command_name = _full_name(data)
        if source is not None:
            record.source_message_id = source.id
            payload["message"] = dict(serializers.message_payload(self._world, source))
        answered = asyncio.get_running_loop().create_future()
        self._waiting[record.id] = answered
        self._world.emit("INTERACTION_CREATE", payload)
        try:
            await asyncio.wait_for(answered, self._answer_seconds)
        except TimeoutError:
            return InteractionOutcome(record.id, "failed")
        finally:
            del self._waiting[record.id]
        return InteractionOutcome(
            record.id,
            str(record.response_kind),
            record.message_id,
            record.modal,
            tuple(record.autocomplete_choices or ()),
        )

    def answered(self, interaction: int) -> None:
        """REST says: the callback of this interaction was accepted."""
        future = self._waiting.get(interaction)
        if future and not future.done():
            future.set_result(None)


def _full_name(data: Mapping[str, Any]) -> str:
    """`persona switch`: Discord shows subcommands in the name of the command that was used."""
    names, node = [], data
    while True:
        names.append(str(node["name"]))
        nested = [option for option in node.get("options") or [] if option["type"] in (1, 2)]
        if not nested:
            return " ".join(names)
        node = nested[0]
