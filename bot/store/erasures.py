"""What was deleted lately, for words that were read before and are not in a row yet.

Between reading a conversation and storing what a reply is made of lie a few milliseconds. A deletion that falls into
them finds no row to strike; the reply finds it here. Lives in memory and holds no words.
"""

from collections import deque
from typing import Literal, NewType

from bot.store.records import ReplyRecord
from bot.store.rows import authors, quoted

REMEMBERED_DELETIONS = 4096  # deletions; far more than fall into the milliseconds before a row is there
Kind = Literal["message", "member", "channel", "server"]
Mark = NewType("Mark", int)


class Erasures:
    def __init__(self) -> None:
        self._noted: deque[tuple[Kind, int, int | None]] = deque(maxlen=REMEMBERED_DELETIONS)
        self._count = 0

    def mark(self) -> Mark:
        """This moment: what is noted from now on comes after it."""
        return Mark(self._count)

    def note(self, kind: Kind, subject_id: int, guild_id: int | None = None) -> None:
        """`guild_id`: where a member's words were deleted; None: everywhere."""
        self._noted.append((kind, subject_id, guild_id))
        self._count += 1

    def touch(self, record: ReplyRecord, since: Mark) -> bool:
        """Whether words that the reply is made of, or the place where it is said, were deleted after `since`."""
        newest = self._count - since
        if not newest:
            return False
        made_of: set[tuple[Kind, int | None, int | None]] = {
            ("message", record.asked_message_id, None),
            ("server", record.guild_id, None),
        }
        made_of |= {("message", message, None) for message in quoted(record)}
        made_of |= {("channel", record.channel_id, None), ("channel", record.parent_channel_id, None)}
        made_of |= {("member", member, guild) for member in authors(record) for guild in (None, record.guild_id)}
        return not made_of.isdisjoint(list(self._noted)[-newest:])
