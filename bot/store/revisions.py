"""Words that are taken back: a message edited or deleted after it was answered, a reply removed.

A reply that still runs has its row already, with `removed_at` 0: what takes words back finds it like any other, and
what only reads finds it no more than a removed one.

Prompts of later replies hold a message's words too. They lose them as well, and are never trained on from then on.
"""

import json
import re
import time
from collections.abc import Sequence

from bot.store.database import Transaction
from bot.store.rows import MESSAGES
from bot.store.turns import put_messages

# Rows that hold words, or will: finished replies and running ones.
HELD = "(removed_at IS NULL OR removed_at = 0)"
_SPEAKER = re.compile(r"([^\n]{1,40}:\s)?")  # what may be put before a member's words in a prompt


async def replace_words(transaction: Transaction, message_id: int, text: str) -> int:
    """Put `text` where the message's words are kept; the number of its replies. Quotations of the message go."""
    await _unquote(transaction, message_id)
    answers = await transaction.rows(
        f"""SELECT id, channel_id, asker_id, asked FROM replies
        WHERE asked_message_id = ? AND {HELD} ORDER BY id""",  # noqa: S608 - our own SQL
        (message_id,),
    )
    if not answers:
        return 0
    first = answers[0]
    old = {row["asked"] for row in answers} - {text, ""}
    holding = await transaction.rows(
        f"""SELECT id, {MESSAGES} AS messages FROM replies JOIN reply_authors ON reply_authors.reply_id = replies.id
        WHERE member_id = ? AND id >= ? AND channel_id = ?""",  # noqa: S608 - our own SQL
        (first["asker_id"], first["id"], first["channel_id"]),
    )
    for row in holding:
        messages = json.loads(row["messages"])
        changed = [_without(message, first["asker_id"], old, text) for message in messages]
        if changed != messages:
            await _rewrite(transaction, row["id"], changed)
    await transaction.change(
        f"""UPDATE replies SET asked = ?1, redacted = 1
        WHERE asked_message_id = ?2 AND asked != ?1 AND {HELD}""",  # noqa: S608 - our own SQL
        (text, message_id),
    )
    return len(answers)


async def remove_words(transaction: Transaction, reply_ids: Sequence[int]) -> int:
    """Empty the replies, and let go of better answers to them; the number of replies that had words until now."""
    removed = 0
    for reply_id in reply_ids:
        removed += await transaction.change(
            f"""UPDATE replies SET asked = '', text = '', messages = '[]', asker_name = NULL, redacted = 1,
                removed_at = ? WHERE id = ? AND {HELD}""",  # noqa: S608 - our own SQL
            (time.time(), reply_id),
        )
        await transaction.change("DELETE FROM corrections WHERE reply_id = ?", (reply_id,))
    return removed


async def _unquote(transaction: Transaction, message_id: int) -> None:
    quoting = await transaction.rows(
        f"SELECT id, {MESSAGES} AS messages FROM replies JOIN reply_quotes ON reply_id = id WHERE message_id = ?",  # noqa: S608
        (message_id,),
    )
    for row in quoting:
        kept = [message for message in json.loads(row["messages"]) if message.get("message_id") != message_id]
        await _rewrite(transaction, row["id"], kept)
    await transaction.change("DELETE FROM reply_quotes WHERE message_id = ?", (message_id,))


async def _rewrite(transaction: Transaction, reply_id: int, messages: list[dict[str, object]]) -> None:
    await put_messages(transaction, reply_id, json.dumps(messages, ensure_ascii=False, separators=(",", ":")))
    await transaction.change("UPDATE replies SET redacted = 1 WHERE id = ?", (reply_id,))


def _without(message: dict[str, object], author_id: int, old: set[str], text: str) -> dict[str, object]:
    """The message with the old words replaced; a speaker's name that was put before them stays."""
    content = str(message["content"])
    if message["author_id"] == author_id:
        for words in old:
            speaker = content.removesuffix(words)
            if content.endswith(words) and _SPEAKER.fullmatch(speaker):
                return {**message, "content": speaker + text}
    return message
