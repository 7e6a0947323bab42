"""What a message says beyond its own words: text files, a poll, what it forwards, the message it replies to."""

import asyncio
import codecs
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp
import discord

from bot.conversation.context import Quoted
from bot.discord_bot.addressing import spoken_text, without_markup
from bot.prompt.names import visible_name

log = logging.getLogger(__name__)

MOST_FILES = 4
MOST_BYTES = 100_000  # of a file; a longer one is not read
MOST_CHARACTERS = 8_000  # of all files, and of what is forwarded
MOST_NAMED = 5  # things that were not read
DOWNLOAD_SECONDS = 10.0
_TEXT_TYPES = frozenset(
    f"application/{kind}" for kind in ("json", "xml", "yaml", "x-yaml", "toml", "javascript", "sql", "x-sh", "x-tex")
)
_TEXT_NAME = re.compile(
    r"\.(?:txt|text|md|rst|log|csv|tsv|jsonl?|ya?ml|toml|ini|cfg|conf|xml|html|css|[jt]s|py|rs|go|java|[ch](?:pp)?|cs|rb|php"
    r"|sh|sql|tex|srt|diff|patch)\Z",
    re.IGNORECASE,
)
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
FORWARDED = "Forwarded message"
NO_WORDS = "(see above)"  # what a member says who forwards a message, or answers one, and writes nothing


@dataclass(frozen=True)
class Said:
    """`enclosed`: what came with the member's words. `quotes`: others' words. `unread`: names of what is no text.

    `hidden`: the message that is replied to holds nothing to read, or Discord does not show it.
    """

    enclosed: str = ""
    quotes: tuple[Quoted, ...] = ()
    unread: tuple[str, ...] = ()
    hidden: bool = False


async def read(message: discord.Message, me: discord.ClientUser, *, quoting: bool) -> Said:
    """Read the message's files, its poll and what it forwards; with `quoting`, also the message that it replies to.

    Whatever can't be read is named. Raises nothing.
    """
    texts, unread = await _read_files(message.attachments)
    if message.poll is not None:
        texts.append(_poll(message.poll))
    answered = _answered_message(message, me) if quoting else None
    quotes = [_answered(answered, me)] if answered is not None else []
    hidden = quotes == [None]
    for snapshot in message.message_snapshots:
        forwarded, left_out = await _forwarded(snapshot)
        unread += left_out
        original = message.reference.message_id if message.reference is not None else None
        quotes.append(Quoted(None, FORWARDED, forwarded, original) if forwarded else None)
    if not message.content and not message.message_snapshots:
        quotes += [Quoted(None, "Link preview", text, None) for text in map(_embed, message.embeds[:1]) if text]
    unread += [visible_name(sticker.name) for sticker in message.stickers]
    enclosed = _bounded("\n\n".join(texts))
    return Said(enclosed, tuple(quote for quote in quotes if quote is not None), tuple(unread[:MOST_NAMED]), hidden)


def _answered_message(message: discord.Message, me: discord.ClientUser) -> discord.Message | None:
    """The message of somebody else (or an earlier one of the member's own) that is replied to."""
    if message.type is not discord.MessageType.reply or message.reference is None:
        return None
    answered = message.reference.resolved
    return answered if isinstance(answered, discord.Message) and answered.author.id != me.id else None


def _answered(answered: discord.Message, me: discord.ClientUser) -> Quoted | None:
    """Its words; None where Discord shows none."""
    text = spoken_text(answered, me) or (_poll(answered.poll) if answered.poll else "")
    return Quoted(answered.author.id, answered.author.display_name, text, answered.id) if text else None


async def _forwarded(snapshot: discord.MessageSnapshot) -> tuple[str, list[str]]:
    text = without_markup(snapshot.content)
    files, unread = await _read_files(snapshot.attachments)
    texts = [text.strip(), *files] if text.strip() or files else list(map(_embed, snapshot.embeds[:1]))
    return _bounded("\n\n".join(filter(None, texts))), unread


async def _read_files(attachments: Sequence[discord.Attachment]) -> tuple[list[str], list[str]]:
    """The text files' texts, and the names of what is no text, too long, or out of reach."""
    texts: list[str] = []
    unread: list[str] = []
    for attachment in attachments:
        name = visible_name(attachment.filename)[:60]
        text = await _text(attachment) if len(texts) < MOST_FILES else None
        if text is None:
            unread.append(name)
        elif text.strip():
            texts.append(f"{name}:\n{text.strip()}")
    return texts, unread


async def _text(attachment: discord.Attachment) -> str | None:
    if not _is_text(attachment) or attachment.size > MOST_BYTES:
        return None
    try:
        async with asyncio.timeout(DOWNLOAD_SECONDS):
            content = await attachment.read()
    except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as error:
        log.info("a file could not be read (%s)", type(error).__name__)
        return None
    return decoded(content[:MOST_BYTES], attachment.content_type or "")


def _is_text(attachment: discord.Attachment) -> bool:
    kind = (attachment.content_type or "").split(";")[0].strip().lower()
    if kind.startswith("text/") or kind in _TEXT_TYPES:
        return True
    return kind in ("", "application/octet-stream") and _TEXT_NAME.search(attachment.filename) is not None


def decoded(content: bytes, content_type: str = "") -> str | None:
    """The text of a file; None when it is none, or nobody says in which encoding."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _strictly(content, encoding)
    declared = re.search(r"charset=\"?([\w.:-]{1,40})", content_type)
    text = _strictly(content, "utf-8")
    return _strictly(content, declared[1]) if text is None and declared else text


def _strictly(content: bytes, encoding: str) -> str | None:
    try:
        text = content.decode(encoding)
    except (LookupError, ValueError):
        return None
    return None if _CONTROL.search(text) else text


def _poll(poll: discord.Poll) -> str:
    answers = [f"- {answer.text or answer.emoji or ''}".rstrip() for answer in poll.answers]
    return "\n".join([f"Poll: {poll.question}", *answers])


def _embed(embed: discord.Embed) -> str:
    return "\n".join(filter(None, (embed.title, embed.description)))


def _bounded(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS].rstrip()} …"
