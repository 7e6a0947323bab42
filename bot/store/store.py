"""`Store`, the running bot's access to the database.

It knows neither Discord nor personas: only ids, names and text.
"""

from pathlib import Path
from typing import Self

from bot.store.channels import ChannelStore
from bot.store.database import BUSY_TIMEOUT_S, Database
from bot.store.event_journal import EventJournal
from bot.store.feedback import FeedbackStore
from bot.store.members import MemberStore
from bot.store.replies import ReplyStore
from bot.store.retention import RetentionStore
from bot.store.servers import ServerStore
from bot.store.statistics import StatisticsStore


class Store(ChannelStore, ReplyStore, FeedbackStore, ServerStore, MemberStore, StatisticsStore, RetentionStore):
    """Every method may be called from many tasks at once; what it writes is on disk when it returns.

    Every method raises StoreError when the file cannot be used; nothing that was stored before is lost then.
    """

    @classmethod
    async def open(cls, path: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Self:
        """Create the folder and the file where they are missing, and bring an older schema up to date.

        Raises StoreError when the file is locked for longer than `busy_timeout_s`, read-only, damaged, not ours,
        or from a newer Troupe. Close what you open: its threads keep the process alive.
        """
        return cls(await Database.open(path, busy_timeout_s))

    @property
    def event_journal(self) -> EventJournal:
        """Where events wait that cannot be stored yet."""
        return EventJournal(self._database.path.with_name(f"{self._database.path.name}.events"))

    async def close(self) -> None:
        await self._database.close()
