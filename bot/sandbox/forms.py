"""Turns what a member filled in (slash options, select menus, modals) into the data Discord sends the bot.

Every value is checked as Discord's own client checks it; a ControlError says what to change.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simcord import interactions as builders
from simcord.backend.errors import OptionError
from simcord.components import walk_components
from simcord.enums import ComponentType, OptionType

from bot.sandbox.control_error import ControlError
from bot.sandbox.resolving import MAX_FILES, Resolved

_SNOWFLAKES = (OptionType.USER, OptionType.CHANNEL, OptionType.ROLE, OptionType.MENTIONABLE)
_ENTITY_SELECTS = {
    ComponentType.USER_SELECT: OptionType.USER,
    ComponentType.ROLE_SELECT: OptionType.ROLE,
    ComponentType.MENTIONABLE_SELECT: OptionType.MENTIONABLE,
    ComponentType.CHANNEL_SELECT: OptionType.CHANNEL,
}
_CHOICES = (ComponentType.STRING_SELECT, ComponentType.CHECKBOX_GROUP, *_ENTITY_SELECTS)


# ---------------------------------------------------------------------- slash commands


def command_data(
    resolved: Resolved,
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
    built = []
    for name, value in options.items():
        option = declared[name]
        if name == focused:
            built.append({"name": name, "type": option["type"], "value": value, "focused": True})
            continue
        try:
            built.append({"name": name, "type": option["type"], "value": _option(resolved, option, value)})
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
    if resolved.data:
        data["resolved"] = resolved.data
    return data


def _option(resolved: Resolved, option: Mapping[str, Any], value: Any) -> Any:
    kind = OptionType(option["type"])
    if kind in _SNOWFLAKES:
        return resolved.entity(kind, value)
    if kind == OptionType.ATTACHMENT:
        return resolved.file(value)
    try:
        if isinstance(value, str):
            return builders.parse_option_input(option["name"], dict(option), value)
        return builders.validate_option_value(option["name"], dict(option), value)
    except OptionError as error:
        raise ControlError(f"{error}.") from None


# ---------------------------------------------------------------------- buttons and select menus


def component_data(resolved: Resolved, message: Any, custom_id: str, values: Sequence[str]) -> dict[str, Any]:
    """Interaction data for pressing the button, or choosing `values` in the menu, with this custom_id."""
    found = [c for c in walk_components(message.components) if c.get("custom_id") == custom_id]
    if not found:
        raise ControlError("That button is no longer on the message.")
    component = found[0]
    if component.get("disabled"):
        raise ControlError("That button is switched off.")
    data: dict[str, Any] = {"custom_id": custom_id, "component_type": int(component["type"])}
    if component.get("id") is not None:
        data["id"] = component["id"]
    if component["type"] != ComponentType.BUTTON:
        data["values"] = _selected(resolved, component, values)
        if resolved.data:
            data["resolved"] = resolved.data
    return data


def _selected(resolved: Resolved, menu: Mapping[str, Any], values: Sequence[str]) -> list[str]:
    options = menu.get("options") or []
    low, high = _bounds(menu, at_most=len(options) if menu["type"] == ComponentType.CHECKBOX_GROUP else 1)
    if not low <= len(values) <= high or len(set(values)) != len(values):
        raise ControlError(f"Choose between {low} and {high}.")
    if menu["type"] in _ENTITY_SELECTS:
        return [resolved.entity(_ENTITY_SELECTS[menu["type"]], value) for value in values]
    if not set(values) <= {option["value"] for option in options}:
        raise ControlError("That choice is not in the menu.")
    return list(values)


def _bounds(control: Mapping[str, Any], *, at_most: int = 1) -> tuple[int, int]:
    """How many values the control takes; `at_most` where the bot said nothing (discord.py then writes null)."""
    low, high = control.get("min_values"), control.get("max_values")
    return 1 if low is None else int(low), at_most if high is None else int(high)


# ---------------------------------------------------------------------- modals


def modal_data(resolved: Resolved, modal: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Interaction data for submitting `modal`.

    `fields` maps each control's custom_id to a text, a list of values, a list of uploads, or whether it is ticked.
    """
    rows = []
    for row in modal.get("components") or []:
        controls = [_filled(resolved, control, fields) for control in _controls(row)]
        if row["type"] == ComponentType.LABEL:
            rows.append({"type": int(row["type"]), "id": row.get("id"), "component": controls[0]})
        elif controls:
            rows.append({"type": int(row["type"]), "id": row.get("id"), "components": controls})
    data: dict[str, Any] = {"custom_id": modal["custom_id"], "components": rows}
    if resolved.data:
        data["resolved"] = resolved.data
    return data


def _controls(row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The controls of one row of a modal; texts have none."""
    yield from row.get("components") or ()
    if row.get("component"):
        yield row["component"]


def _filled(resolved: Resolved, control: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    name, kind = control["custom_id"], control["type"]
    value = fields.get(name)
    data: dict[str, Any] = {"type": int(kind), "custom_id": name, "id": control.get("id")}
    if kind == ComponentType.TEXT_INPUT:
        return {**data, "value": _text(control, value or "")}
    if kind == ComponentType.CHECKBOX:
        return {**data, "value": value is True}
    chosen = [value] if isinstance(value, str) else list(value or [])
    optional = not control.get("required", True) and not chosen
    if kind == ComponentType.RADIO_GROUP:
        return {**data, "value": None if optional else _selected(resolved, control, chosen)[0]}
    if kind in _CHOICES:
        return {**data, "values": [] if optional else _selected(resolved, control, chosen)}
    if kind == ComponentType.FILE_UPLOAD:
        return {**data, "values": [] if optional else _uploaded(resolved, control, chosen)}
    raise ControlError("The page can't fill in that kind of field yet.")


def _uploaded(resolved: Resolved, control: Mapping[str, Any], files: Sequence[Any]) -> list[str]:
    low, high = _bounds(control)
    high = min(high, MAX_FILES)
    if not low <= len(files) <= high:
        raise ControlError(f"Choose between {low} and {high} files.")
    return [resolved.file(file) for file in files]


def _text(control: Mapping[str, Any], value: Any) -> str:
    text = str(value)
    if not text and control.get("required", True):
        raise ControlError("Please fill in every field that is required.")
    if text and len(text) < (control.get("min_length") or 0):
        raise ControlError(f"Please write at least {control['min_length']} characters.")
    if len(text) > (control.get("max_length") or 4000):
        raise ControlError(f"Please write at most {control.get('max_length') or 4000} characters.")
    return text
