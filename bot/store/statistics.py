"""Counts what members think: approval by day and by adapter version, reasons, response times."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from bot.store.records import Approval, Statistics
from bot.store.tables import Tables

PERCENTILES = (50, 95)
_TIMED = 20_000  # the newest replies whose response times are looked at
_DAY = 86_400


class StatisticsStore(Tables):
    async def statistics(
        self, persona: str | None = None, guild_id: int | None = None, since: float = 0.0
    ) -> Statistics:
        """How `persona` (None: all) did on the server (None: everywhere) since a time in unix seconds."""
        where, values = _selection(persona, guild_id, since)

        async def rows(sql: str) -> list[sqlite3.Row]:
            return await self._database.rows(sql.format(where=where), values)

        votes = "LEFT JOIN votes ON votes.reply_id = replies.id"
        counts = """count(DISTINCT id) AS replies, count(*) FILTER (WHERE value = 1) AS up,
            count(*) FILTER (WHERE value = -1) AS down"""
        days = await rows(
            f"SELECT CAST(created_at / {_DAY} AS INTEGER) * {_DAY} AS key, {counts} FROM replies {votes} "  # noqa: S608
            "WHERE {where} GROUP BY key ORDER BY key"
        )
        versions = await rows(
            f"SELECT adapter_number AS key, {counts} FROM replies {votes} "  # noqa: S608
            "WHERE {where} GROUP BY key ORDER BY key"
        )
        reasons = await rows(
            f"SELECT reason, count(*) AS votes FROM replies {votes} "  # noqa: S608
            "WHERE reason IS NOT NULL AND {where} GROUP BY reason ORDER BY votes DESC"
        )
        [corrections] = await rows(
            "SELECT count(*) AS n FROM corrections JOIN replies ON replies.id = reply_id WHERE {where}"
        )
        [comparisons] = await rows(
            "SELECT count(*) AS n FROM comparisons JOIN replies ON replies.id = kept_reply_id WHERE {where}"
        )
        times = await rows(
            f"SELECT first_token_s, total_s FROM replies WHERE {{where}} ORDER BY id DESC LIMIT {_TIMED}"  # noqa: S608
        )
        return Statistics(
            days=tuple(_approval(row) for row in days),
            versions=tuple(_approval(row) for row in versions),
            reasons={row["reason"]: row["votes"] for row in reasons},
            corrections=corrections["n"],
            comparisons=comparisons["n"],
            first_token_s=percentiles([t["first_token_s"] for t in times if t["first_token_s"] is not None]),
            total_s=percentiles([t["total_s"] for t in times]),
        )

    async def size_bytes(self) -> int:
        """What the database takes on disk, without its write-ahead log."""
        [pages] = await self._database.rows("PRAGMA page_count")
        [size] = await self._database.rows("PRAGMA page_size")
        return int(pages[0]) * int(size[0])

    async def counts(self) -> tuple[int, int]:
        """How many replies and how many votes there are."""
        [row] = await self._database.rows(
            "SELECT (SELECT count(*) FROM replies) AS replies, (SELECT count(*) FROM votes) AS votes"
        )
        return row["replies"], row["votes"]


def percentiles(values: Sequence[float]) -> dict[int, float]:
    """The nearest-rank percentiles; empty without values."""
    ordered = sorted(values)
    return {p: ordered[max(0, -(-p * len(ordered) // 100) - 1)] for p in PERCENTILES} if ordered else {}


def _selection(persona: str | None, guild_id: int | None, since: float) -> tuple[str, list[Any]]:
    conditions, values = ["created_at >= ?", "removed_at IS NOT 0"], [since]  # 0: it still runs
    for column, value in (("persona", persona), ("guild_id", guild_id)):
        if value is not None:
            conditions.append(f"{column} = ?")
            values.append(value)  # type: ignore[arg-type]
    return " AND ".join(conditions), values


def _approval(row: sqlite3.Row) -> Approval:
    return Approval(row["key"], row["replies"], row["up"], row["down"])
