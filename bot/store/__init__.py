"""The database: who speaks where, what was answered and how, what members thought of it, and what they allow.

`Store` is the running bot's async access, `Snapshot` training's read-only view of one moment.
"""

from bot.store.backup import backup
from bot.store.records import (
    Exchange,
    RatedReply,
    ReplyRecord,
    StoredCorrection,
    StoredMessage,
    StoredReply,
    VoteCount,
)
from bot.store.snapshot import Snapshot, open_snapshot
from bot.store.store import Store

__all__ = [
    "Exchange",
    "RatedReply",
    "ReplyRecord",
    "Snapshot",
    "Store",
    "StoredCorrection",
    "StoredMessage",
    "StoredReply",
    "VoteCount",
    "backup",
    "open_snapshot",
]
