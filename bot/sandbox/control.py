"""Acting as a member of the demo server: what the page's buttons do, and what wire tests call directly.

Permissions are Discord's, as simcord computes them. Knows nothing of HTTP.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ConfigDict, validate_call
from simcord import interactions as builders
from simcord.backend import errors, serializers
from simcord.backend.access import message_accessible, reaction_permissions
from simcord.enums import AppCommandType, InteractionType

from bot.sandbox.control_error import ControlError
from bot.sandbox.forms import command_data, component_data, modal_data
from bot.sandbox.interactions import InteractionOutcome, Interactions
from bot.sandbox.resolving import MAX_FILES, Resolved, Upload, store_upload
from bot.sandbox.world import World

MEMBER_MESSAGE_LENGTH = 2000
_checked = validate_call(config=ConfigDict(extra="forbid", strict=False))

# What a POST to the page's API may name: the public verbs below.
VERBS = frozenset(
    {"say", "edit", "delete", "react", "thread", "slash", "autocomplete", "click", "submit", "menu", "commands"}
)


class Control:
    """Ids are integers (or their digits); everything raises ControlError or simcord's BackendError."""

    def __init__(self, world: World, interactions: Interactions) -> None:
        self._world = world
        self._interactions = interactions

    # ------------------------------------------------------------------ messages

    @_checked
    async def say(
        self,
        *,
        member: int,
        channel: int,
        content: str,
        reply_to: int | None = None,
        files: list[Upload] | None = None,
    ) -> dict[str, Any]:
        """A message by the member, perhaps in reply to another, perhaps with files; returns its id."""
        files = files or []
        if not content.strip() and not files:
            raise ControlError("There is nothing to send.")
        if len(files) > MAX_FILES:
            raise ControlError(f"A message can have at most {MAX_FILES} files.")
        self._check_length(content)
        place = self._world.get_channel(channel)
        self._require(member, channel, "send_messages_in_threads" if place.is_thread else "send_messages")
        reference = None
        if reply_to is not None:
            self._message(member, channel, reply_to)
            reference = {"channel_id": str(channel), "message_id": str(reply_to)}
        attachments = [store_upload(self._world, channel, file) for file in files]
        message = self._world.create_message(channel, member, content, reference=reference, attachments=attachments)
        return {"id": str(message.id)}

    @_checked
    async def edit(self, *, member: int, channel: int, message: int, content: str) -> dict[str, Any]:
        self._check_length(content)
        if self._message(member, channel, message).author_id != member:
            raise ControlError("You can edit only your own messages.")
        self._world.edit_message(channel, message, {"content": content})
        return {}

    @_checked
    async def delete(self, *, member: int, channel: int, message: int) -> dict[str, Any]:
        if self._message(member, channel, message).author_id != member:
            self._require(member, channel, "manage_messages")
        self._world.delete_message(channel, message)
        return {}

    @_checked
    async def react(self, *, member: int, channel: int, message: int, emoji: str, on: bool = True) -> dict[str, Any]:
        stored = self._message(member, channel, message)
        if stored.is_ephemeral:
            raise ControlError("You can't react to a message that only you can see.")
        if not 0 < len(emoji) <= 64:
            raise ControlError("That is not an emoji.")
        self._require(member, channel, *reaction_permissions(stored, emoji, reacted=on))
        self._world.set_reaction(channel, message, emoji, member, on)
        return {}

    @_checked
    async def thread(self, *, member: int, channel: int, name: str, message: int | None = None) -> dict[str, Any]:
        """A public thread, begun from a message where one is given; returns its id."""
        if not 0 < len(name.strip()) <= 100:
            raise ControlError("A thread's name must have 1 to 100 characters.")
        place = self._world.get_channel(channel)
        if place.guild_id is None or place.is_thread:
            raise ControlError("You can start a thread only in the server's channels.")
        self._require(member, channel, "create_public_threads")
        if message is not None:
            self._message(member, channel, message)
            if message in self._world.channels:
                raise ControlError("That message already has a thread.")
        thread = self._world.create_thread(channel, name.strip(), member, message_id=message)
        return {"id": str(thread.id)}

    # ------------------------------------------------------------------ commands

    @_checked
    async def commands(self, *, member: int, channel: int) -> dict[str, Any]:
        """What the member may use here: slash commands (one entry per subcommand) and message commands."""
        slash = []
        for command in self._visible(member, channel, AppCommandType.CHAT_INPUT):
            for path, leaf in builders.command_leaves(command):
                slash.append(
                    {
                        "id": command["id"],
                        "name": " ".join(path),
                        "label": " ".join(_labels(command, path, self._world.locale)),
                        "path": path[1:],
                        "description": _localized(leaf, "description", self._world.locale),
                        "options": [_option_view(option, self._world.locale) for option in leaf.get("options") or []],
                    }
                )
        found = self._visible(member, channel, AppCommandType.MESSAGE)
        menu = [{"id": command["id"], "name": _localized(command, "name", self._world.locale)} for command in found]
        return {"slash": slash, "menu": menu}

    @_checked
    async def slash(
        self, *, member: int, channel: int, command: str, path: list[str] | None = None, options: dict[str, Any]
    ) -> dict[str, Any]:
        """`/command path… options…`; `command` is its id or name."""
        found = self._command(member, channel, command, AppCommandType.CHAT_INPUT)
        data = command_data(Resolved(self._world, channel), found, path or [], options)
        return _shown(await self._interactions.start(InteractionType.APPLICATION_COMMAND, member, channel, data))

    @_checked
    async def autocomplete(
        self,
        *,
        member: int,
        channel: int,
        command: str,
        path: list[str] | None = None,
        options: dict[str, Any],
        focused: str,
    ) -> dict[str, Any]:
        """The bot's suggestions for the option `focused`, whose unfinished text is in `options`."""
        found = self._command(member, channel, command, AppCommandType.CHAT_INPUT)
        resolved = Resolved(self._world, channel)
        data = command_data(resolved, found, path or [], {focused: "", **options}, focused=focused)
        kind = InteractionType.APPLICATION_COMMAND_AUTOCOMPLETE
        return _shown(await self._interactions.start(kind, member, channel, data))

    @_checked
    async def menu(self, *, member: int, channel: int, message: int, command: str) -> dict[str, Any]:
        """A message command from the context menu of `message`."""
        found = self._command(member, channel, command, AppCommandType.MESSAGE)
        target = dict(serializers.message_payload(self._world, self._message(member, channel, message)))
        data = {
            "id": found["id"],
            "name": found["name"],
            "type": int(AppCommandType.MESSAGE),
            "target_id": str(message),
            "resolved": {"messages": {str(message): target}},
        }
        return _shown(await self._interactions.start(InteractionType.APPLICATION_COMMAND, member, channel, data))

    # ------------------------------------------------------------------ components

    @_checked
    async def click(
        self, *, member: int, channel: int, message: int, custom_id: str, values: list[str] | None = None
    ) -> dict[str, Any]:
        """Press a button, or choose `values` in a select menu."""
        source = self._message(member, channel, message)
        data = component_data(Resolved(self._world, channel), source, custom_id, values or [])
        kind = InteractionType.MESSAGE_COMPONENT
        return _shown(await self._interactions.start(kind, member, channel, data, source=source))

    @_checked
    async def submit(self, *, member: int, interaction: int, fields: dict[str, Any]) -> dict[str, Any]:
        """Send off the modal that the bot opened in answer to `interaction`."""
        record = self._world.interactions.get(interaction)
        if record is None or record.modal is None or record.user_id != member or record.modal_consumed:
            raise ControlError("That form is no longer open.")
        data = modal_data(Resolved(self._world, record.channel_id), record.modal, fields)
        record.modal_consumed = True
        source = self._world.messages.get(record.channel_id, {}).get(record.source_message_id)
        outcome = await self._interactions.start(
            InteractionType.MODAL_SUBMIT, member, record.channel_id, data, source=source
        )
        if outcome.failed:
            record.modal_consumed = False  # as on Discord, the form stays open and can be sent again
        return _shown(outcome)

    # ------------------------------------------------------------------ checks

    def _require(self, member: int, channel: int, *permissions: str) -> None:
        user = self._world.get_user(member)
        if user.bot:
            raise ControlError("You can act only as a member, not as the bot.")
        self._world.require_permissions(self._world.get_channel(channel).guild_id, member, channel, *permissions)

    def _message(self, member: int, channel: int, message: int) -> Any:
        self._require(member, channel)
        stored = self._world.get_message(channel, message)
        if not message_accessible(self._world, channel, stored, member):
            raise errors.unknown_message()
        return stored

    def _check_length(self, content: str) -> None:
        if len(content) > MEMBER_MESSAGE_LENGTH:
            raise ControlError(
                f"That is {len(content)} characters; a message can have at most {MEMBER_MESSAGE_LENGTH}."
            )

    def _visible(self, member: int, channel: int, kind: int) -> list[Mapping[str, Any]]:
        self._require(member, channel)
        return list(self._world.visible_commands(user_id=member, channel_id=channel, type=kind))

    def _command(self, member: int, channel: int, command: str, kind: int) -> Mapping[str, Any]:
        for found in self._visible(member, channel, kind):
            if command in (found["id"], found["name"]):
                return found
        raise ControlError("There is no such command here, or you're not allowed to use it.")


def _localized(part: Mapping[str, Any], key: str, locale: str) -> str:
    """The name or description of a command, a subcommand, an option or a choice in the language of who sees it."""
    return str((part.get(f"{key}_localizations") or {}).get(locale) or part.get(key) or "")


def _labels(command: Mapping[str, Any], path: Sequence[str], locale: str) -> Iterator[str]:
    """The localized names along the path from a command to its subcommand."""
    part = command
    yield _localized(part, "name", locale)
    for name in path[1:]:
        part = next(option for option in part["options"] if option["name"] == name)
        yield _localized(part, "name", locale)


def _option_view(option: Mapping[str, Any], locale: str) -> dict[str, Any]:
    return {
        "name": option["name"],
        "label": _localized(option, "name", locale),
        "description": _localized(option, "description", locale),
        "type": int(option["type"]),
        "required": bool(option.get("required")),
        "autocomplete": bool(option.get("autocomplete")),
        "choices": [{"name": _localized(c, "name", locale), "value": c["value"]} for c in option.get("choices") or []],
    }


def _shown(outcome: InteractionOutcome) -> dict[str, Any]:
    """What the acting member sees at once: a form to fill in, suggestions, or that nobody answered."""
    shown: dict[str, Any] = {"interaction": str(outcome.interaction), "kind": outcome.kind}
    if outcome.message is not None:
        shown["message"] = str(outcome.message)
    if outcome.modal is not None:
        shown["modal"] = outcome.modal
    if outcome.kind == "autocomplete":
        shown["choices"] = list(outcome.choices)
    return shown
