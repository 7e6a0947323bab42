"""The database: who speaks where, what was answered and how, what members thought of it, and what they allow.

`Store` is the running bot's async access, `Snapshot` training's read-only view of one moment.
"""

from bot.store.backup import backup
from bot.store.database_lock import exclusive, held
from bot.store.event_journal import EventJournal
from bot.store.records import (
    SCENE,
    Approval,
    ChannelChoice,
    Exchange,
    RatedReply,
    ReplyRecord,
    ServerCard,
    Standing,
    Statistics,
    StoredComparison,
    StoredCorrection,
    StoredMessage,
    StoredReply,
    VersionDay,
    VoteCount,
    VoteReason,
)
from bot.store.restoring import check_backup, replace_database, restore
from bot.store.servers import WHOLE_SERVER
from bot.store.snapshot import Snapshot, open_snapshot
from bot.store.store import Store

__all__ = [
    "SCENE",
    "WHOLE_SERVER",
    "Approval",
    "ChannelChoice",
    "EventJournal",
    "Exchange",
    "RatedReply",
    "ReplyRecord",
    "ServerCard",
    "Snapshot",
    "Standing",
    "Statistics",
    "Store",
    "StoredComparison",
    "StoredCorrection",
    "StoredMessage",
    "StoredReply",
    "VersionDay",
    "VoteCount",
    "VoteReason",
    "backup",
    "check_backup",
    "exclusive",
    "held",
    "open_snapshot",
    "replace_database",
    "restore",
]
