"""How a conversation of turns becomes pairs: whose turns answer, and which are not to be learned."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.errors import DatasetError
from bot.personas.catalog import Pair
from bot.prompt import Message, Role
from training.importing.found import BadRow, Found, Skipped, counted, shown
from training.importing.markup import is_tool_call

ROLES: dict[str, Role] = {
    "user": "user",
    "human": "user",
    "prompter": "user",
    "customer": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "ai": "assistant",
    "system": "system",
    "developer": "system",
}
TOOLS = frozenset((
    "tool", "tools", "function", "functions", "ipython", "observation", "function_call", "function-call",
    "function_response", "tool_call", "tool_calls", "tool_response", "tool_result",
))  # fmt: skip
SPEAKERS = ("role", "from", "speaker", "author", "sender", "name", "character")
SAYINGS = ("content", "value", "text", "message", "line", "utterance", "mes")
MASKS = ("weight", "train", "training", "train_on_turn", "trainable", "train_detail", "loss", "learn")
HISTORY_TURNS = 20  # what was said before an answer, at most: a long conversation would be written again and again
_MISSING = frozenset(("nan", "NaN", "<NA>"))  # what pandas makes of a missing value
_NO = re.compile(r"0|0\.0+|-1|false|no|n|off|bad|disliked?|rejected|undesirable|thumbs_down|negative", re.IGNORECASE)
_YES = re.compile(r"1|1\.0+|true|yes|y|on|good|liked?|chosen|desirable|thumbs_up|positive", re.IGNORECASE)


@dataclass(frozen=True)
class Turn:
    """What one side says at a time. `lacks`: why it is no question or answer; `masked`: why not to learn it."""

    line: int
    role: Role
    content: str
    lacks: str = ""
    masked: str = ""


def pairs_of(turns: Iterable[tuple[int, Any]], speaker: str | None) -> Iterator[Found | Skipped]:
    """A pair for every answer, with what was said before it. A system prompt gives way to the persona's own.

    With a `speaker`, that one answers and all others ask. Raises BadRow.
    """
    left_out: list[str] = []
    read = [turn for line, raw in turns for turn in _turn(line, raw, speaker, left_out)]
    if not any(turn.role == "assistant" for turn in read):
        raise BadRow("is a conversation in which the assistant never answers a user")
    for found in _answers(_joined(read, left_out)):
        yield replace(found, left_out=tuple(left_out)) if isinstance(found, Found) else found
        left_out = [] if isinstance(found, Found) else left_out


def speakers_of(turns: Iterable[Any]) -> Counter[str]:
    """Who speaks in these turns, by name or role; tools and system prompts are nobody."""
    names: Counter[str] = Counter()
    for turn in turns:
        name = _name(turn)
        if name and name.casefold() not in TOOLS and ROLES.get(name.casefold()) != "system":
            names[name] += 1
    return names


def require_speaker(names: Counter[str], speaker: str | None) -> None:
    """Raises DatasetError where names stand for roles and nobody said whose to learn, or nobody has that name."""
    known = {name.casefold() for name in names}
    if speaker is None:
        if names and not any(ROLES.get(name) == "assistant" for name in known) and len(known) > 1:
            raise DatasetError(
                f"Choose whose lines the persona learns with --speaker NAME; there are {counted(names)}."
            )
    elif speaker.strip().casefold() not in known:
        raise DatasetError(f"--speaker {shown(speaker)!r} says nothing in this file; it has {counted(names)}.")


def is_turn(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(_name(value))


def text_of(value: Any, name: str) -> str:
    """A field's text. Raises BadRow when it is none, or empty."""
    if isinstance(value, list) and value and all(isinstance(part, Mapping) and "text" in part for part in value):
        value = "\n".join(str(part["text"]) for part in value)
    if isinstance(value, float) and not math.isfinite(value):
        raise BadRow(f"its {name} is {str(value).replace('nan', 'NaN')}, not text")
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise BadRow(f"its {name} is {'missing' if value is None else f'a {type(value).__name__}'}, not text")
    if not value.strip():
        raise BadRow(f"its {name} is empty")
    if value.strip() in _MISSING:
        raise BadRow(f"its {name} is {value.strip()!r}, which stands for a missing value")
    return value.strip()


def verdict_of(value: Any, name: str) -> bool:
    """Whether a mark says that an answer is good. Raises BadRow for what says neither."""
    written = str(value).strip() if isinstance(value, bool | int | float | str) else ""
    if _NO.fullmatch(written):
        return False
    if _YES.fullmatch(written):
        return True
    told = "missing" if value in (None, "") else shown(json.dumps(value, default=str))
    raise BadRow(f"its {name} is {told}, neither true nor false")


def field_name(key: Any) -> str:
    return str(key).strip().strip("\ufeff").casefold().replace(" ", "_").replace("-", "_")


def first(fields: Iterable[str], names: Iterable[str]) -> str | None:
    present = set(fields)
    return next((name for name in names if name in present), None)


def fields_of(record: Mapping[Any, Any]) -> dict[str, Any]:
    return {field_name(key): value for key, value in record.items()}


def listed(record: Mapping[Any, Any]) -> str:
    names = ", ".join(shown(key) for key in list(record)[:8])
    return f"({names or 'none'})"


def _name(turn: Any) -> str:
    if not isinstance(turn, Mapping):
        return ""
    fields = fields_of(turn)
    name = first(fields, SPEAKERS)
    return str(fields[name]).strip() if name and isinstance(fields[name], str) else ""


def _turn(line: int, raw: Any, speaker: str | None, left_out: list[str]) -> Iterator[Turn]:
    """The turn, or none of what is nobody's speech. Raises BadRow."""
    if not isinstance(raw, Mapping):
        raise BadRow("is a conversation with a turn that is not an object with role and content")
    fields, name = fields_of(raw), _name(raw)
    said = first(fields, SAYINGS)
    if name.casefold() in TOOLS or _calls_tool(fields, said):
        left_out.append("a tool's turn")
        return
    if not name or said is None:
        raise BadRow(f"is a conversation with a turn that has the fields {listed(raw)}; it needs role and content")
    role = _role(name, speaker)
    if role == "system":
        left_out.append("a system prompt")
    else:
        yield _content(Turn(line, role, ""), fields, said, left_out)


def _calls_tool(fields: Mapping[str, Any], said: str | None) -> bool:
    content = fields.get(said) if said else None
    calls = any(fields.get(name) for name in ("tool_calls", "function_call"))
    return (calls and not content) or (isinstance(content, str) and is_tool_call(content))


def _role(name: str, speaker: str | None) -> Role:
    known = ROLES.get(name.casefold())
    if speaker is not None and known != "system":
        return "assistant" if name.casefold() == speaker.strip().casefold() else "user"
    if known is None:
        raise BadRow(f"is a conversation with the role {shown(name)!r}; known are {', '.join(ROLES)}")
    return known


def _content(turn: Turn, fields: Mapping[str, Any], said: str, left_out: list[str]) -> Turn:
    value, lacks = fields[said], ""
    if isinstance(value, list):
        texts = [part for part in value if isinstance(part, str) or (isinstance(part, Mapping) and _says(part))]
        if len(texts) < len(value):
            lacks = _attached(value)
            left_out.append(lacks)
        value = "\n".join(part if isinstance(part, str) else str(part.get("text")) for part in texts) or None
    try:
        content = text_of(value, said)
    except BadRow as reason:
        return replace(turn, lacks=lacks or str(reason))
    if turn.role == "user":
        return replace(turn, content=content, lacks=lacks)
    return replace(turn, content=content, masked=_mask(fields))


def _says(part: Mapping[Any, Any]) -> bool:
    return isinstance(part.get("text"), str) and str(part.get("type", "text")).endswith("text")


def _attached(parts: Sequence[Any]) -> str:
    kinds = [str(part.get("type", "")) for part in parts if isinstance(part, Mapping) and not _says(part)]
    return "an image" if any("image" in kind for kind in kinds) else "something that is no text"


def _mask(fields: Mapping[str, Any]) -> str:
    """Why an answer is not to be learned; empty when it is."""
    for name in MASKS:
        if name not in fields or (value := fields[name]) is None:
            continue
        if isinstance(value, list):  # axolotl's train_detail: a verdict for each part
            if any(isinstance(part, Mapping) and part.get("train") is False for part in value):
                return f"its {name} leaves parts of it out"
            continue
        try:
            if not verdict_of(value, name):
                return f"it is not to be learned ({name}: {shown(json.dumps(value, default=str))})"
        except BadRow as reason:
            return str(reason)
    return ""


def _joined(turns: Sequence[Turn], left_out: list[str]) -> list[Turn]:
    """Neighbours of one role as one turn, from the first question on."""
    parts: list[list[Turn]] = []
    for turn in turns:
        if parts and parts[-1][0].role == turn.role:
            parts[-1].append(turn)
        elif parts or turn.role == "user":
            parts.append([turn])
        else:
            left_out.append("an opening of the assistant")
    return [_one(part) for part in parts]


def _one(turns: Sequence[Turn]) -> Turn:
    content = "\n".join(turn.content for turn in turns if turn.content)
    lacks = next((turn.lacks for turn in turns if turn.lacks), "")
    return replace(
        turns[-1], content=content, lacks=lacks, masked=next((turn.masked for turn in turns if turn.masked), "")
    )


def _answers(turns: Sequence[Turn]) -> Iterator[Found | Skipped]:
    before: list[Message] = []
    for asked, answer in zip(turns[::2], turns[1::2], strict=False):
        if answer.lacks:
            yield Skipped(answer.line, answer.lacks)
        elif asked.lacks:
            yield Skipped(answer.line, f"answers {asked.lacks}" if asked.lacks.startswith("an ") else asked.lacks)
        elif answer.masked:
            yield Skipped(answer.line, answer.masked)
        else:
            yield Found(answer.line, Pair(asked.content, answer.content, tuple(before[-HISTORY_TURNS:])))
        if asked.content and answer.content:
            before += [Message("user", asked.content), Message("assistant", answer.content)]
        else:
            before = []
