"""Reads what DiscordChatExporter writes: JSON, CSV and plain text (github.com/Tyrrrz/DiscordChatExporter).

JSON says which message a reply answers; CSV and text do not.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from training.importing.chat import Said, read_chat
from training.importing.found import Found, Skipped, shown
from training.importing.json_records import items_at
from training.importing.reading import SourceText
from training.importing.request import ImportRequest
from training.importing.turns import fields_of

SPOKEN = frozenset(("Default", "Reply", "20", "23", "ChatInputCommand", "ContextMenuCommand"))  # others: the system
# What the exporter writes for system messages where a format has no place for their type.
_SYSTEM = re.compile(
    r"Joined the server\.|Pinned a message\.|Started a (?:thread|call)\b.{0,100}"
    r"|(?:Added|Removed) .{1,200} (?:to|from) the group\."
    r"|Left the group\.|Changed the channel (?:name|icon)\b.{0,200}"
)
_HEADING = re.compile(r"\[(?P<date>[^\[\]]{6,40})\] (?P<author>[^\n:]{1,100}?)(?: \(pinned\))?")
_DATE = re.compile(r"\d.{0,30}\d[:.]\d\d")
_SECTION = re.compile(r"\{(?:Attachments|Embeds?|Stickers|Reactions|Forwarded Message|Inline Emojis)\}")
_RULE = "=" * 62
_MENTION = re.compile(r"<@!?(\d{1,25})>")


def is_discord_export(source: SourceText) -> bool:
    whole = source.json if source.text.lstrip().startswith("{") else None
    if isinstance(whole, Mapping):
        return "channel" in whole and isinstance(whole.get("messages"), list)
    return _is_table(source) or _is_text(source)


def read_discord_export(sources: Sequence[SourceText], request: ImportRequest) -> Iterator[Found | Skipped]:
    [source] = sources
    return read_chat(_said(source), request, "channel")


def _said(source: SourceText) -> Iterator[Said | Skipped]:
    if isinstance(source.json, Mapping):
        return _of_json(source)
    return _of_table(source) if _is_table(source) else _of_text(source)


def _is_table(source: SourceText) -> bool:
    first = source.text.lstrip().split("\n", 1)[0][:200].replace('"', "").casefold()
    return first.replace(" ", "").startswith("authorid,author,date,content")


def _is_text(source: SourceText) -> bool:
    head = source.text.lstrip()[:1000]
    return head.startswith(_RULE) and re.search(r"^(?:Guild|Channel): ", head, re.MULTILINE) is not None


def _of_json(source: SourceText) -> Iterator[Said | Skipped]:
    for place, message in items_at(source, ("messages",)):
        line = source.line_at(place)
        author = message.get("author") if isinstance(message, Mapping) else None
        if not isinstance(author, Mapping):
            yield Skipped(line, "is no message with an author")
        elif (reason := _silent(message)) is not None:
            yield Skipped(line, reason)
        else:
            yield _message(line, message, author)


def _silent(message: Mapping[str, Any]) -> str | None:
    """Why a message says nothing."""
    kind = message.get("type", "Default")
    if str(kind) not in SPOKEN:
        return f"is a system message ({shown(kind)})"
    content = message.get("content")
    if isinstance(content, str) and content.strip():
        return None
    for name, what in (
        ("stickers", "a sticker"),
        ("attachments", "an attachment"),
        ("forwardedMessage", "a forwarded message"),
        ("embeds", "an embed"),
        ("poll", "a poll"),
    ):
        if message.get(name):
            return f"is {what} alone"
    return "has no text in it"


def _message(line: int, message: Mapping[str, Any], author: Mapping[str, Any]) -> Said:
    name = str(author.get("nickname") or author.get("name") or author.get("id") or "?")
    reference = message.get("reference")
    answers = reference.get("messageId") if isinstance(reference, Mapping) and message.get("type") == "Reply" else None
    return Said(
        line,
        name,
        _named(str(message["content"]), message.get("mentions")),
        author_id=_account(author),
        aliases=tuple(str(author[key]) for key in ("id", "name", "nickname") if author.get(key)),
        id=str(message.get("id") or ""),
        answers=str(answers or ""),
    )


def _account(author: Mapping[str, Any]) -> str:
    """The account's name, which tells authors apart: one webhook speaks for several under one id."""
    name, number = str(author.get("name") or author.get("id") or ""), str(author.get("discriminator") or "")
    return f"{name}#{number}" if number.strip("0") else name


def _named(text: str, mentions: Any) -> str:
    """The text with names for the mentions that the export left as ids."""
    known = {
        str(one.get("id")): str(one.get("nickname") or one.get("name"))
        for one in (mentions if isinstance(mentions, list) else [])
        if isinstance(one, Mapping)
    }
    return _MENTION.sub(lambda match: f"@{known[match[1]]}" if match[1] in known else match[0], text)


def _of_table(source: SourceText) -> Iterator[Said | Skipped]:
    reader = csv.DictReader(f"{line}\n" for line in source.lines)
    line = 1
    while True:
        begins = line + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            line = reader.line_num
            yield Skipped(begins, f"is no row of a table ({error})")
            continue
        if row is None:
            return
        line = reader.line_num
        fields = {name: value for name, value in fields_of(row).items() if isinstance(value, str)}
        content, author = fields.get("content", "").strip(), fields.get("author", "").strip()
        if not author:
            yield Skipped(begins, "has no author")
        elif not content:
            yield Skipped(begins, "is an attachment alone" if fields.get("attachments") else "has no text in it")
        elif _SYSTEM.fullmatch(content):
            yield Skipped(begins, f"is a system message ({shown(content)})")
        else:
            yield Said(begins, author, content, aliases=(fields.get("authorid", "").strip(), author.partition("#")[0]))


def _of_text(source: SourceText) -> Iterator[Said | Skipped]:
    heading: tuple[int, str] | None = None
    body: list[str] = []
    after_blank = True
    for number, line in enumerate([*source.lines, _RULE], 1):
        match = _HEADING.fullmatch(line) if after_blank else None
        is_heading = match is not None and _DATE.search(match["date"]) is not None
        if is_heading or line == _RULE:
            if heading:
                yield _spoken(*heading, body)
            heading, body = ((number, match["author"]) if match and is_heading else None), []
        elif heading:
            body.append(line)
        after_blank = not line.strip() or line == _RULE
    return


def _spoken(line: int, author: str, body: Sequence[str]) -> Said | Skipped:
    section = next((place for place, text in enumerate(body) if _SECTION.fullmatch(text)), len(body))
    content = "\n".join(body[:section]).strip()
    if not content:
        what = body[section].strip("{}").casefold() if section < len(body) else ""
        return Skipped(line, f"is {what} alone" if what else "has no text in it")
    if _SYSTEM.fullmatch(content):
        return Skipped(line, f"is a system message ({shown(content)})")
    return Said(line, author, content)
