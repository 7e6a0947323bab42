"""Counts the requests that Discord refused, and stops writing before Discord bans the bot's address for them.

Discord bans an address for 10,000 answers of 401, 403 or 429 in ten minutes; its front door (Cloudflare) bans with a
429 that did not pass Discord at all. Both are seen through aiohttp's tracing, which discord.py hands on.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from types import SimpleNamespace

import aiohttp

from bot.discord_bot.refusals import SilentRefusal

log = logging.getLogger(__name__)

WINDOW_SECONDS = 600.0
MOST_INVALID = 9_000  # of the 10,000 that Discord allows in the window
BAN_SECONDS = 900.0  # how long a ban is believed to last when it does not say
_INVALID = frozenset({401, 403, 429})
_WRITING = frozenset({"POST", "PATCH", "PUT", "DELETE"})


class RequestBudget:
    """`invalid` requests of the last ten minutes; `paused` while nothing more may be written."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._refused: deque[float] = deque(maxlen=MOST_INVALID)
        self._banned_until = 0.0
        self._was_paused = False

    @property
    def invalid(self) -> int:
        since = self._clock() - WINDOW_SECONDS
        while self._refused and self._refused[0] <= since:
            self._refused.popleft()
        return len(self._refused)

    @property
    def paused(self) -> bool:
        return self._clock() < self._banned_until or self.invalid >= MOST_INVALID

    def note(self, status: int, headers: Mapping[str, str]) -> None:
        """Count an answer of Discord's."""
        if status not in _INVALID or headers.get("X-RateLimit-Scope") == "shared":  # Discord does not count those
            return
        self._refused.append(self._clock())
        if status == 429 and "Via" not in headers:
            self._banned_until = self._clock() + _seconds(headers.get("Retry-After"))
        if self.paused and not self._was_paused:
            log.error(
                "Discord refused %d requests within %.0f minutes%s. I write nothing until that is over. Look for "
                "channels where the bot lacks permissions, and for other bots behind this address.",
                self.invalid,
                WINDOW_SECONDS / 60,
                " and has banned this address for now" if self._clock() < self._banned_until else "",
            )
        self._was_paused = self.paused

    def watch(self, trace: aiohttp.TraceConfig) -> aiohttp.TraceConfig:
        """Let `trace` count every answer, and refuse to write while the budget is spent."""
        trace.on_request_start.append(self._on_request_start)
        trace.on_request_end.append(self._on_request_end)
        return trace

    async def _on_request_start(
        self, _session: aiohttp.ClientSession, _context: SimpleNamespace, asked: aiohttp.TraceRequestStartParams
    ) -> None:
        # An answer to a member's press is tried all the same: it is one request, and they wait for it.
        if asked.method in _WRITING and "/interactions/" not in asked.url.path and self.paused:
            raise SilentRefusal(429, "writing is paused, because Discord refused too much")

    async def _on_request_end(
        self, _session: aiohttp.ClientSession, _context: SimpleNamespace, answered: aiohttp.TraceRequestEndParams
    ) -> None:
        self.note(answered.response.status, answered.response.headers)


def _seconds(header: str | None) -> float:
    try:
        return float(header or BAN_SECONDS)
    except ValueError:
        return BAN_SECONDS
