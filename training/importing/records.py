"""Owns what the fields of an example are called in the wild, and how a record becomes pairs or running text."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bot.personas.catalog import Pair
from bot.prompt import Message, Role, merge
from training.importing.found import BadRow

PROMPTS = ("prompt", "instruction", "question", "user", "human", "query", "input", "message", "request", "q")
CONTEXTS = ("input", "context")  # beside an instruction: what it is about
ANSWERS = (
    "completion",
    "response",
    "output",
    "answer",
    "assistant",
    "reply",
    "bot",
    "target",
    "chosen",
    "a",
)
CONVERSATIONS = ("messages", "conversations", "conversation", "dialogue", "dialog", "turns", "history")
TEXTS = ("text", "content")
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
EXPECTED = (
    "prompt and completion, instruction (with input) and output, question and answer, user and assistant, messages, "
    "or text"
)


def examples_of(record: Any) -> list[Pair | str]:
    """The examples in one record: a pair for every answer of a conversation, or one text. Raises BadRow."""
    if isinstance(record, list):
        return list(_conversation(record))
    if not isinstance(record, Mapping):
        raise BadRow("is not an object with named fields")
    fields = {field_name(key): value for key, value in record.items()}
    if has_pair(fields):
        return list(_pair(fields))
    if (name := first(fields, CONVERSATIONS)) is not None:
        return list(_conversation(_as_list(fields[name], name)))
    if (name := first(fields, TEXTS)) is not None:
        return [_text(fields[name], name)]
    raise BadRow(f"has the fields {_listed(record)}; it needs {EXPECTED}")


def field_name(key: Any) -> str:
    return str(key).strip().strip("\ufeff").casefold().replace(" ", "_").replace("-", "_")


def first(fields: Iterable[str], names: Iterable[str]) -> str | None:
    present = set(fields)
    return next((name for name in names if name in present), None)


def has_pair(fields: Iterable[str]) -> bool:
    """Whether there is a field for what is asked, and one for the answer."""
    return first(fields, PROMPTS) is not None and first(fields, ANSWERS) is not None


def is_known(fields: Iterable[str]) -> bool:
    return has_pair(fields) or first(fields, (*CONVERSATIONS, *TEXTS)) is not None


def _pair(fields: Mapping[str, Any]) -> Iterable[Pair]:
    asked, answered = first(fields, PROMPTS), first(fields, ANSWERS)
    assert asked is not None
    assert answered is not None
    if isinstance(fields[asked], list):  # TRL's conversational form: lists of messages on both sides
        answer = fields[answered]
        turns = answer if isinstance(answer, list) else [{"role": "assistant", "content": answer}]
        return list(_conversation([*fields[asked], *turns]))[-1:]
    prompt, answer = _text(fields[asked], asked), _text(fields[answered], answered)
    about = first(fields, [name for name in CONTEXTS if name != asked])
    if about is not None and fields[about] not in (None, ""):
        prompt = f"{prompt}\n\n{_text(fields[about], about)}"
    earlier = fields.get("history")
    return [Pair(prompt, answer, _history(earlier) if earlier else ())]


def _history(earlier: Any) -> tuple[Message, ...]:
    """Earlier turns: messages, or Alpaca's pairs of a question and its answer."""
    turns = _as_list(earlier, "history")
    if all(isinstance(turn, list) and len(turn) == 2 for turn in turns):
        turns = [
            {"role": role, "content": said}
            for turn in turns
            for role, said in zip(("user", "assistant"), turn, strict=True)
        ]
    merged = merge([message for message in map(_message, turns) if message.role != "system"])
    return tuple(merged[: len(merged) - (len(merged) % 2)])  # it ends with an answer


def _conversation(turns: list[Any]) -> Iterable[Pair]:
    """A pair for every answer, with what was said before it. A system prompt gives way to the persona's own."""
    messages = merge([message for message in map(_message, turns) if message.role != "system"])
    pairs = [
        Pair(messages[place - 1].content, message.content, tuple(messages[: place - 1]))
        for place, message in enumerate(messages)
        if message.role == "assistant"
    ]
    if not pairs:
        raise BadRow("is a conversation in which the assistant never answers a user")
    return pairs


def _message(turn: Any) -> Message:
    if not isinstance(turn, Mapping):
        raise BadRow("is a conversation with a turn that is not an object with role and content")
    fields = {field_name(key): value for key, value in turn.items()}
    speaker, said = first(fields, ("role", "from", "speaker", "author")), first(fields, ("content", "value", "text"))
    if speaker is None or said is None:
        raise BadRow(f"is a conversation with a turn that has the fields {_listed(turn)}; it needs role and content")
    role = ROLES.get(str(fields[speaker]).strip().casefold())
    if role is None:
        raise BadRow(f"is a conversation with the role {str(fields[speaker])[:40]!r}; known are {', '.join(ROLES)}")
    return Message(role, _text(fields[said], said))


def _text(value: Any, name: str) -> str:
    """A field's text. Raises BadRow when it is none, or empty."""
    if isinstance(value, list) and value and all(isinstance(part, Mapping) and "text" in part for part in value):
        value = "\n".join(str(part["text"]) for part in value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        kind = "missing" if value is None else f"a {type(value).__name__}"
        raise BadRow(f"its {name} is {kind}, not text")
    if not value.strip():
        raise BadRow(f"its {name} is empty")
    return value.strip()


def _as_list(value: Any, name: str) -> list[Any]:
    if isinstance(value, str):  # a table's cell
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise BadRow(f"its {name} is not a JSON list") from None
    if not isinstance(value, list):
        raise BadRow(f"its {name} is not a list of turns")
    return value


def _listed(record: Mapping[Any, Any]) -> str:
    names = ", ".join(str(key)[:40] for key in list(record)[:8])
    return f"({names or 'none'})"
