"""Reads Telegram Desktop's export, result.json: of one chat, or of an account with all of its chats."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from training.importing.chat import Said, read_chat
from training.importing.found import Found, Skipped, shown
from training.importing.json_records import items_at
from training.importing.reading import SourceText
from training.importing.request import ImportRequest


def is_telegram(source: SourceText) -> bool:
    whole = source.json if source.text.lstrip().startswith("{") else None
    if not isinstance(whole, Mapping):
        return False
    chats = whole.get("chats")
    if isinstance(chats, Mapping) and isinstance(chats.get("list"), list):
        return True
    messages = whole.get("messages")
    return isinstance(messages, list) and any(
        isinstance(one, Mapping) and ("from_id" in one or one.get("type") == "service") for one in messages[:50]
    )


def read_telegram(sources: Sequence[SourceText], request: ImportRequest) -> Iterator[Found | Skipped]:
    [source] = sources
    return read_chat(_said(source), request, "chat")


def _said(source: SourceText) -> Iterator[Said | Skipped]:
    whole = source.json
    if not isinstance(whole, Mapping):
        return
    if isinstance(whole.get("messages"), list):
        yield from _chat(source, ("messages",), whole.get("id"))
        return
    for number, (_, chat) in enumerate(items_at(source, ("chats", "list"))):
        if isinstance(chat, Mapping) and isinstance(chat.get("messages"), list):
            for message in chat["messages"]:
                yield _one(0, message, (number, chat.get("id")))


def _chat(source: SourceText, path: Sequence[str], scene: object) -> Iterator[Said | Skipped]:
    for place, message in items_at(source, path):
        yield _one(source.line_at(place), message, scene)


def _one(line: int, message: Any, scene: object) -> Said | Skipped:
    if not isinstance(message, Mapping) or message.get("type") != "message":
        action = shown(message.get("action", "service")) if isinstance(message, Mapping) else "no message"
        return Skipped(line, f"is a system message ({action})")
    if message.get("forwarded_from") or message.get("saved_from"):
        return Skipped(line, "is a forwarded message")
    text = _text(message.get("text")).strip()
    if not text:
        return Skipped(line, _alone(message))
    author = message.get("from")
    if not isinstance(author, str) or not author.strip():
        return Skipped(line, "is of a deleted account")
    reply = message.get("reply_to_message_id")
    return Said(
        line,
        author.strip(),
        text,
        author_id=str(message.get("from_id") or ""),
        id=_id(scene, message.get("id")),
        answers=_id(scene, reply) if reply is not None and not message.get("reply_to_peer_id") else "",
        scene=str(scene),
    )


def _id(scene: object, number: object) -> str:
    """Message ids count anew in every chat."""
    return f"{scene}:{number}"


def _text(value: Any) -> str:
    """A message's text: as it is, or in pieces where parts of it are bold, links or custom emoji."""
    if isinstance(value, str):
        return value
    pieces = value if isinstance(value, list) else []
    return "".join(
        piece if isinstance(piece, str) else str(piece.get("text") or "") if isinstance(piece, Mapping) else ""
        for piece in pieces
    )


def _alone(message: Mapping[str, Any]) -> str:
    media = message.get("media_type")
    if media == "sticker":
        return "is a sticker alone"
    for name in ("photo", "file", "poll", "location_information", "contact_information"):
        if message.get(name):
            return "is an attachment alone"
    return "has no text in it"
