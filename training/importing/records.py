"""What the fields of an example are called in the wild, and how a record becomes pairs or running text.

TRL's formats: https://huggingface.co/docs/trl/dataset_formats.
"""

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.errors import DatasetError
from training.importing.found import BadRow, Found, Skipped
from training.importing.markup import is_tool_call
from training.importing.templates import written_turns
from training.importing.turns import (
    MASKS,
    ROLES,
    SAYINGS,
    SPEAKERS,
    fields_of,
    first,
    is_turn,
    listed,
    pairs_of,
    require_speaker,
    speakers_of,
    text_of,
    verdict_of,
)

PROMPTS = ("prompt", "instruction", "question", "user", "human", "query", "input", "message", "request", "q")
CONTEXTS = ("input", "context")  # beside an instruction: what it is about
ANSWERS = (
    "chosen",
    "preferred_output",
    "preferred",
    "completion",
    "response",
    "output",
    "answer",
    "assistant",
    "reply",
    "bot",
    "target",
    "a",
)
REJECTED = ("rejected", "non_preferred_output", "dispreferred", "rejected_response")
CHOSEN = ANSWERS[:3]
CONVERSATIONS = ("messages", "conversations", "conversation", "dialogue", "dialog", "turns", "history")
CONVERSATION_IDS = (
    "conversation_id", "conv_id", "conversation", "dialogue_id", "dialog_id", "chat_id", "thread_id", "session_id",
    "episode_id", "scene", "group_id",
)  # fmt: skip
TEXTS = ("text", "content")
VERDICTS = ("label", "kto_tag", "liked", "desirable", "is_desirable")
EXPECTED = (
    "prompt and completion, instruction (with input) and output, question and answer, user and assistant, chosen and "
    "rejected, messages, or text"
)
NumberedRecord = tuple[int, Any]  # the line that a record begins at, and the record or why it cannot be read


def read_records(rows: Sequence[NumberedRecord], speaker: str | None) -> Iterator[Found | Skipped]:
    """The examples of all records. Raises DatasetError where `speaker` is missing, unknown or does not apply."""
    rows = _grouped(rows)
    names: Counter[str] = Counter()
    for _, record in rows:
        names += speakers_of(_turns_in(record))
    if speaker is not None and not names:
        raise DatasetError("--speaker does not apply: nobody has a name in this file.")
    require_speaker(names, speaker)
    for line, record in rows:
        yield from _read(line, record, speaker)


def has_pair(fields: Iterable[str]) -> bool:
    """Whether there is a field for what is asked, and one for the answer."""
    present = set(fields)
    return first(present, PROMPTS) is not None and first(present, (*ANSWERS, *REJECTED)) is not None


def is_known(fields: Iterable[str]) -> bool:
    present = set(fields)
    return has_pair(present) or first(present, (*CONVERSATIONS, *TEXTS, *CHOSEN)) is not None or _is_turn_row(present)


def _is_turn_row(fields: Iterable[str]) -> bool:
    """One turn a row: somebody, and what they say."""
    present = set(fields)
    return first(present, SPEAKERS) is not None and first(present, SAYINGS) is not None


def _grouped(rows: Sequence[NumberedRecord]) -> list[NumberedRecord]:
    """Records of one turn each, as conversations; others as they are."""
    sample = next((fields_of(record) for _, record in rows if isinstance(record, Mapping)), {})
    answers = [name for name in (*ANSWERS, *REJECTED) if name in sample]
    if not _is_turn_row(sample) or answers or any(isinstance(sample.get(name), list) for name in CONVERSATIONS):
        return list(rows)
    if "parent_id" in sample:
        raise DatasetError("The rows are turns of a tree (parent_id): write each of its threads as messages.")
    groups: dict[Any, Any] = {}
    for line, record in rows:
        if not isinstance(record, Mapping):
            groups[object()] = (line, record)
            continue
        fields = fields_of(record)
        name = first(fields, CONVERSATION_IDS)
        key = str(fields[name]) if name else None
        groups.setdefault(key, (line, _Conversation()))[1].append((line, record))
    return list(groups.values())


class _Conversation(list[tuple[int, Any]]):
    """Turns that were rows of their own, each with its line."""


def _turns_in(record: Any) -> list[Any]:
    if isinstance(record, _Conversation):
        return [turn for _, turn in record]
    if isinstance(record, list):
        return [turn for turn in record if is_turn(turn)]
    if not isinstance(record, Mapping):
        return []
    fields = fields_of(record)
    if isinstance(fields.get("input"), Mapping):
        return _turns_in(fields["input"])
    values = [fields.get(name) for name in (*CONVERSATIONS, *PROMPTS, *ANSWERS)]
    return [turn for value in values if isinstance(value, list) for turn in value if is_turn(turn)]


def _read(line: int, record: Any, speaker: str | None) -> Iterator[Found | Skipped]:
    if isinstance(record, Skipped):
        yield record
        return
    try:
        yield from list(_examples(line, record, speaker))
    except BadRow as reason:
        yield Skipped(line, str(reason))


def _examples(line: int, record: Any, speaker: str | None) -> Iterator[Found | Skipped]:
    """The examples in one record: a pair for every answer of a conversation, or one text. Raises BadRow."""
    if isinstance(record, _Conversation):
        yield from pairs_of(record, speaker)
    elif isinstance(record, list):
        yield from pairs_of([(line, turn) for turn in record], speaker)
    elif isinstance(record, Mapping):
        fields = fields_of(record)
        _require_wanted(fields)
        yield from _of_fields(line, fields, record, speaker)
    else:
        raise BadRow("is not an object with named fields")


def _of_fields(
    line: int, fields: dict[str, Any], record: Mapping[Any, Any], speaker: str | None
) -> Iterator[Found | Skipped]:
    asks = _asked(fields)
    answers = first(fields, ANSWERS)
    conversation = first(fields, CONVERSATIONS)
    if answers is not None and (asks is not None or answers in CHOSEN or conversation is not None):
        yield _paired(line, fields, asks, answers, speaker)
    elif first(fields, REJECTED) is not None:
        raise BadRow("holds an answer that was rejected, and none that was chosen")
    elif conversation is not None:
        turns = _as_list(fields[conversation], conversation)
        yield from pairs_of([(line, turn) for turn in turns], speaker)
    elif (name := first(fields, TEXTS)) is not None:
        text = text_of(fields[name], name)
        turns = written_turns(text) or []
        yield from pairs_of([(line, turn) for turn in turns], speaker) if turns else [Found(line, text)]
    else:
        raise BadRow(f"has the fields {listed(record)}; it needs {EXPECTED}")


def _require_wanted(fields: Mapping[str, Any]) -> None:
    """Raises BadRow for a record that says of itself that it is not to be learned, or nothing clear about it."""
    for name in VERDICTS:
        if name in fields and not verdict_of(fields[name], name):
            raise BadRow(f"is not to be learned: its {name} is {json.dumps(fields[name])}")
    for name in MASKS:
        if name in fields and not isinstance(fields[name], list) and not verdict_of(fields[name], name):
            raise BadRow(f"is not to be learned: its {name} is {json.dumps(fields[name])}")


def _asked(fields: dict[str, Any]) -> str | None:
    name = first(fields, PROMPTS)
    if name is not None and isinstance(fields[name], Mapping):  # OpenAI's preferences: input.messages
        inner = fields_of(fields[name])
        fields[name] = inner.get(first(inner, CONVERSATIONS) or "", fields[name])
    return name


def _paired(line: int, fields: dict[str, Any], asks: str | None, answers: str, speaker: str | None) -> Found:
    """One example of what is asked and its answer, in any of TRL's and OpenAI's ways to write both."""
    worse = first(fields, REJECTED)
    rejected = fields.get(worse) if worse else None
    before = _before(fields, asks, answers, rejected)
    rejected = fields.get(worse) if worse else None
    chosen = _turns(fields[answers], answers, "assistant")
    turns = chosen if _is_whole(chosen) else [*before, *chosen]
    found = list(pairs_of([(line, turn) for turn in turns], speaker))
    last = found[-1] if found else Skipped(line, "is a conversation in which the assistant never answers a user")
    if isinstance(last, Skipped):
        raise BadRow(last.reason)
    return replace(last, rejected=_last_said(rejected, worse or "")) if rejected not in (None, "") else last


def _before(fields: dict[str, Any], asks: str | None, answers: str, rejected: Any) -> list[Any]:
    """The turns that the answer answers."""
    conversation = first(fields, CONVERSATIONS)
    earlier = _history(fields[conversation]) if conversation and fields[conversation] else []
    if asks is None:
        if earlier or not isinstance(fields[answers], str) or _is_whole(_turns(fields[answers], answers, "assistant")):
            return earlier
        prompt = _common_beginning(fields[answers], rejected)
        fields[answers] = fields[answers][len(prompt) :]
        fields[first(fields, REJECTED) or ""] = rejected[len(prompt) :]
        return [{"role": "user", "content": prompt}]
    asked = fields[asks]
    if isinstance(asked, str | int | float) or asked is None:
        about = first(fields, [name for name in CONTEXTS if name != asks])
        asked = text_of(asked, asks)
        if about is not None and fields[about] not in (None, ""):
            asked = f"{asked}\n\n{text_of(fields[about], about)}"
    return [*earlier, *_turns(asked, asks, "user")]


def _turns(value: Any, name: str, role: str) -> list[Any]:
    """A field as turns: messages, one message, a conversation written out, or one side's text. Raises BadRow."""
    if isinstance(value, list) and value and all(map(is_turn, value)):
        return value
    if isinstance(value, Mapping) and is_turn(value):
        return [value]
    text = text_of(value, name)
    if is_tool_call(text):
        raise BadRow(f"its {name} calls a tool")
    return written_turns(text) or [{"role": role, "content": text}]


def _is_whole(turns: Sequence[Any]) -> bool:
    """Whether an answer's turns hold what it answers, too."""
    return len(turns) > 1 and any(ROLES.get(name.casefold()) == "user" for name in speakers_of(turns))


def _common_beginning(chosen: str, rejected: Any) -> str:
    """TRL's implicit prompt: the words that both answers begin with. Raises BadRow without any."""
    other = rejected if isinstance(rejected, str) else ""
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(chosen, other, strict=False))
    shared = "".join(character for character, _ in same)
    prompt = shared[: max(shared.rfind(" "), shared.rfind("\n")) + 1]
    if not prompt.strip():
        raise BadRow("has no prompt, and its chosen and rejected begin with nothing in common")
    return prompt


def _last_said(value: Any, name: str) -> str | None:
    """The text of a rejected answer; None where it is no text, for it is not to be learned anyhow."""
    try:
        said = fields_of(_turns(value, name, "assistant")[-1])
        return text_of(said.get(first(said, SAYINGS) or ""), name)
    except BadRow:
        return None


def _history(earlier: Any) -> list[Any]:
    """Earlier turns: messages, or Alpaca's pairs of a question and its answer."""
    turns = _as_list(earlier, "history")
    if all(isinstance(turn, list) and len(turn) == 2 for turn in turns):
        sides = zip(itertools.cycle(("user", "assistant")), itertools.chain.from_iterable(turns), strict=False)
        return [{"role": role, "content": said} for role, said in sides]
    return turns


def _as_list(value: Any, name: str) -> list[Any]:
    if isinstance(value, str):  # a table's cell
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise BadRow(f"its {name} is not a JSON list") from None
    if not isinstance(value, list):
        raise BadRow(f"its {name} is not a list of turns")
    return value
