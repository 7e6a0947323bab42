"""Converts between replies and database rows, for the store and the snapshot alike."""

import dataclasses
import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from bot.errors import StoreError
from bot.store.records import RatedReply, ReplyRecord, StoredMessage, StoredReply

RECORD_COLUMNS = tuple(field.name for field in dataclasses.fields(ReplyRecord))

# What is known only once a reply has ended.
OUTCOME = (
    "adapter_number",
    "adapter_sha256",
    "text",
    "finish_reason",
    "seed",
    "prompt_tokens",
    "completion_tokens",
    "queued_s",
    "first_token_s",
    "total_s",
    "created_at",
)

# Two replies of one moment, or a clock that goes back, must not break the order: the id is always the highest yet.
INSERT_REPLY = (
    f"INSERT INTO replies (id, {', '.join(RECORD_COLUMNS)}) "  # noqa: S608 - our own column names
    "VALUES (max(?, (SELECT coalesce(max(id), 0) FROM replies) + 1 + abs(random() % 1000000)), "
    f"{', '.join('?' * len(RECORD_COLUMNS))}) RETURNING id"
)

# What `replies.messages` stands for: a JSON array of the messages in order.
MESSAGES = """(SELECT json_group_array(json(message)) FROM (
    SELECT turns.message FROM json_each(replies.messages) AS place JOIN turns ON turns.id = place.value
    ORDER BY place.key))"""

# What `stored_reply` reads. One statement sees one moment: a reply never comes without its messages.
SELECT_REPLY = f"""SELECT replies.*, {MESSAGES} AS prompt,
    (SELECT group_concat(message_id) FROM reply_messages WHERE reply_id = replies.id) AS message_ids
FROM replies """  # noqa: S608 - our own SQL

# What `rated_reply` reads; the subqueries walk the primary key of votes.
SELECT_RATED = f"""SELECT replies.*, {MESSAGES} AS prompt,
    (SELECT group_concat(message_id) FROM reply_messages WHERE reply_id = replies.id) AS message_ids,
    (SELECT group_concat(voter_id) FROM votes WHERE reply_id = replies.id AND value = 1) AS likes,
    (SELECT group_concat(voter_id) FROM votes WHERE reply_id = replies.id AND value = -1) AS dislikes
FROM replies """  # noqa: S608 - our own SQL


def storable(text: str) -> str:
    """`text` with lone surrogates, which JSON from outside may hold and UTF-8 may not, replaced by question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def record_values(record: ReplyRecord, columns: Sequence[str] = RECORD_COLUMNS) -> list[Any]:
    """The values of `record` in the order of `columns`."""
    return [_as_column(getattr(record, name)) for name in columns]


def authors(record: ReplyRecord) -> set[int]:
    """The members whose words the record holds."""
    return {record.asker_id} | {m.author_id for m in record.messages if m.author_id is not None}


def quoted(record: ReplyRecord) -> set[int]:
    """The messages whose words the record quotes."""
    return {m.message_id for m in record.messages if m.message_id is not None}


def stored_reply(row: sqlite3.Row) -> StoredReply:
    return StoredReply(**_reply_fields(row))


def rated_reply(row: sqlite3.Row) -> RatedReply:
    return RatedReply(
        **_reply_fields(row), likes=frozenset(_ids(row["likes"])), dislikes=frozenset(_ids(row["dislikes"]))
    )


def _reply_fields(row: sqlite3.Row) -> dict[str, Any]:
    """Raises StoreError where the row holds what the store never writes; its words are not quoted."""
    columns = {name: row[name] for name in RECORD_COLUMNS}
    try:
        columns["messages"] = tuple(_message(message) for message in json.loads(row["prompt"]))
        if len(columns["messages"]) != len(json.loads(row["messages"])):
            raise LookupError("a message of the prompt is missing")
        columns["sampling"] = dict(json.loads(columns["sampling"]))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        raise StoreError(
            f"Reply {row['id']} in the database is damaged: run `python -m bot restore FILE` with your newest backup, "
            "or delete that row."
        ) from None
    return {"id": row["id"], "record": ReplyRecord(**columns), "message_ids": tuple(sorted(_ids(row["message_ids"])))}


def _message(fields: dict[str, Any]) -> StoredMessage:
    types = {"role": str, "content": str, "author_id": int | None}
    if not all(isinstance(fields[name], kind) for name, kind in types.items()):
        raise TypeError
    return StoredMessage(**fields)


def _as_column(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, tuple):
        return _json([_as_object(message) for message in value])
    if isinstance(value, Mapping):
        return _json(dict(value))
    return value


def _as_object(message: StoredMessage) -> dict[str, Any]:
    fields = dataclasses.asdict(message)
    return fields if message.message_id is not None else {k: v for k, v in fields.items() if k != "message_id"}


def _json(value: Any) -> str:
    return storable(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _ids(joined: str | None) -> list[int]:
    return [int(number) for number in joined.split(",")] if joined else []
