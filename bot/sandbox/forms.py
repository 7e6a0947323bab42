"""Turns what a member filled in (slash options, select menus, modals) into the data Discord sends the bot.

Every value is checked as Discord's own client checks it; a ControlError says what to change.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simcord import interactions as builders
from simcord.backend import serializers
from simcord.backend.errors import OptionError
from simcord.components import walk_components
from simcord.enums import ComponentType, OptionType

from bot.sandbox.world import World

_SNOWFLAKES = (OptionType.USER, OptionType.CHANNEL, OptionType.ROLE, OptionType.MENTIONABLE)
_ENTITY_SELECTS = {
    ComponentType.USER_SELECT: OptionType.USER,
    ComponentType.ROLE_SELECT: OptionType.ROLE,
    ComponentType.MENTIONABLE_SELECT: OptionType.MENTIONABLE,
    ComponentType.CHANNEL_SELECT: OptionType.CHANNEL,
}


class ControlError(Exception):
    """The member cannot do that; the sentence is shown to them."""


# ---------------------------------------------------------------------- slash commands


def command_data(
    world: World,
    command: Mapping[str, Any],
    path: Sequence[str],
    options: Mapping[str, Any],
    *,
    focused: str | None = None,
) -> dict[str, Any]:
    """Interaction data for `/command path… options…`; with `focused`, for its autocomplete (values may be partial)."""
    leaf, nesting = builders.walk_to_subcommand(dict(command), list(path))
    declared = {option["name"]: option for option in leaf.get("options") or []}
    if unknown := set(options) - set(declared):
        raise ControlError(f"/{command['name']} has no option called {', '.join(sorted(unknown))}.")
    resolved: dict[str, dict[str, Any]] = {}
    built = []
    for name, value in options.items():
        option = declared[name]
        if name == focused:
            built.append({"name": name, "type": option["type"], "value": value, "focused": True})
            continue
        try:
            built.append({"name": name, "type": option["type"], "value": _option(world, option, value, resolved)})
        except ControlError:
            if focused is None:
                raise  # an autocomplete simply goes without the unfinished ones
    missing = [name for name, option in declared.items() if option.get("required") and name not in options]
    if missing and focused is None:
        raise ControlError(f"/{command['name']} needs {', '.join(missing)}.")
    data: dict[str, Any] = {
        "id": command["id"],
        "name": command["name"],
        "type": 1,
        "options": builders.nest_options(dict(command), nesting, built),
    }
    if command.get("guild_id"):
        data["guild_id"] = command["guild_id"]
    if resolved:
        data["resolved"] = resolved
    return data


def _option(world: World, option: Mapping[str, Any], value: Any, resolved: dict[str, dict[str, Any]]) -> Any:
    kind = OptionType(option["type"])
    if kind in _SNOWFLAKES:
        return _resolve(world, kind, value, resolved)
    if kind == OptionType.ATTACHMENT:
        raise ControlError("The sandbox page cannot upload files yet.")
    try:
        if isinstance(value, str):
            return builders.parse_option_input(option["name"], dict(option), value)
        return builders.validate_option_value(option["name"], dict(option), value)
    except OptionError as error:
        raise ControlError(f"{error}.") from None


def _resolve(world: World, kind: int, value: Any, resolved: dict[str, dict[str, Any]]) -> str:
    """Put the user, role or channel with this id into `resolved`, as Discord does, and return the id."""
    key = int(value) if str(value).isdecimal() else 0
    guild = world.guild
    if kind in (OptionType.USER, OptionType.MENTIONABLE) and key in guild.members:
        resolved.setdefault("users", {})[str(key)] = dict(serializers.user_payload(world.users[key]))
        member = serializers.member_payload(world, guild, guild.members[key], with_user=False)
        resolved.setdefault("members", {})[str(key)] = {**member, "permissions": "0"}
    elif kind in (OptionType.ROLE, OptionType.MENTIONABLE) and key in guild.roles:
        resolved.setdefault("roles", {})[str(key)] = dict(serializers.role_payload(guild.roles[key]))
    elif kind == OptionType.CHANNEL and key in (*guild.channel_ids, *guild.thread_ids):
        payload = serializers.channel_payload(world, world.channels[key])
        resolved.setdefault("channels", {})[str(key)] = {**payload, "permissions": "0"}
    else:
        raise ControlError(f"There is no such member, role or channel: {value}.")
    return str(key)


# ---------------------------------------------------------------------- buttons and select menus


def component_data(world: World, message: Any, custom_id: str, values: Sequence[str]) -> dict[str, Any]:
    """Interaction data for pressing the button, or choosing `values` in the menu, with this custom_id."""
    found = [c for c in walk_components(message.components) if c.get("custom_id") == custom_id]
    if not found:
        raise ControlError("That button is not on the message any more.")
    component = found[0]
    if component.get("disabled"):
        raise ControlError("That button is switched off.")
    data: dict[str, Any] = {"custom_id": custom_id, "component_type": int(component["type"])}
    if component.get("id") is not None:
        data["id"] = component["id"]
    if component["type"] != ComponentType.BUTTON:
        resolved: dict[str, dict[str, Any]] = {}
        data["values"] = _selected(world, component, values, resolved)
        if resolved:
            data["resolved"] = resolved
    return data


def _selected(
    world: World, menu: Mapping[str, Any], values: Sequence[str], resolved: dict[str, dict[str, Any]]
) -> list[str]:
    low, high = menu.get("min_values", 1), menu.get("max_values", 1)
    if not low <= len(values) <= high or len(set(values)) != len(values):
        raise ControlError(f"Choose between {low} and {high}.")
    if menu["type"] in _ENTITY_SELECTS:
        return [_resolve(world, _ENTITY_SELECTS[menu["type"]], value, resolved) for value in values]
    offered = {option["value"] for option in menu.get("options") or []}
    if not set(values) <= offered:
        raise ControlError("That choice is not in the menu.")
    return list(values)


# ---------------------------------------------------------------------- modals


def modal_data(world: World, modal: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Interaction data for submitting `modal`; `fields` maps each control's custom_id to a text or a list of values."""
    resolved: dict[str, dict[str, Any]] = {}
    rows = []
    for row in modal.get("components") or []:
        controls = [_filled(world, control, fields, resolved) for control in _controls(row)]
        if row["type"] == ComponentType.LABEL:
            rows.append({"type": int(row["type"]), "id": row.get("id"), "component": controls[0]})
        elif controls:
            rows.append({"type": int(row["type"]), "id": row.get("id"), "components": controls})
    data: dict[str, Any] = {"custom_id": modal["custom_id"], "components": rows}
    if resolved:
        data["resolved"] = resolved
    return data


def _controls(row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The controls of one row of a modal; texts have none."""
    yield from row.get("components") or ()
    if row.get("component"):
        yield row["component"]


def _filled(
    world: World, control: Mapping[str, Any], fields: Mapping[str, Any], resolved: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    name = control["custom_id"]
    value = fields.get(name)
    data: dict[str, Any] = {"type": int(control["type"]), "custom_id": name, "id": control.get("id")}
    if control["type"] == ComponentType.TEXT_INPUT:
        data["value"] = _text(control, value or "")
    elif control["type"] == ComponentType.STRING_SELECT or control["type"] in _ENTITY_SELECTS:
        chosen = [value] if isinstance(value, str) else list(value or [])
        optional = not control.get("required", True) and not chosen
        data["values"] = [] if optional else _selected(world, control, chosen, resolved)
    else:
        raise ControlError("The sandbox page cannot fill in this kind of field yet.")
    return data


def _text(control: Mapping[str, Any], value: Any) -> str:
    text = str(value)
    if not text and control.get("required", True):
        raise ControlError("Please fill in every field that is required.")
    if text and len(text) < (control.get("min_length") or 0):
        raise ControlError(f"Please write at least {control['min_length']} characters.")
    if len(text) > (control.get("max_length") or 4000):
        raise ControlError(f"Please write at most {control.get('max_length') or 4000} characters.")
    return text
