"""How often growing replies are edited: as Discord's rate-limit headers allow, shared fairly among replies.

It reads the headers through aiohttp's tracing, which discord.py hands on as `http_trace`. discord.py itself waits once
a limit is spent. Staying below the limit means that the last edit, the one with the buttons, never waits.
"""

import contextlib
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace

import aiohttp

# Discord takes 50 requests a second of a bot on all routes together; the rest is left to votes and commands.
EDITS_A_SECOND = 40.0
_EDIT = re.compile(r"/((?:channels|webhooks)/\d+)(/[\w-]{20,})?/messages/")


class EditPacer:
    """Edits of one bucket (`channels/<id>`, `webhooks/<id>`, `webhooks/<application>/<token>`) share one limit."""

    def __init__(self, edit_seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        """`edit_seconds`: two edits of one reply are never closer than this. `now`: seconds, of a clock of its own."""
        self._edit_seconds = edit_seconds
        self.now = now
        self._growing: Counter[str] = Counter()
        self._spacing: dict[str, float] = {}

    @contextlib.contextmanager
    def growing(self, bucket: str) -> Iterator[None]:
        """While a reply grows there, it takes its share of the edits."""
        self._growing[bucket] += 1
        try:
            yield
        finally:
            self._growing[bucket] -= 1
            if not self._growing[bucket]:
                del self._growing[bucket]
                self._spacing.pop(bucket, None)

    def interval(self, bucket: str) -> float:
        """Seconds from one edit of a reply to its next."""
        others = self._growing.total() - 1
        in_bucket = self._spacing.get(bucket, 0.0) * max(1, self._growing[bucket])
        return max(self._edit_seconds, in_bucket, others / EDITS_A_SECOND)

    def note(self, bucket: str, headers: Mapping[str, str]) -> None:
        """Learn from the answer to an edit how far apart the next ones must be to leave one in reserve."""
        if bucket not in self._growing:
            return
        try:
            remaining = int(headers["X-RateLimit-Remaining"])
            reset_after = float(headers["X-RateLimit-Reset-After"])
        except (KeyError, ValueError):
            return
        self._spacing[bucket] = max(0.0, reset_after) / max(1, remaining - 1)

    def trace(self) -> aiohttp.TraceConfig:
        """What `discord.Client(http_trace=…)` takes, so that every edit's answer is noted."""
        trace = aiohttp.TraceConfig()
        trace.on_request_end.append(self._on_request_end)
        return trace

    async def _on_request_end(
        self, _session: aiohttp.ClientSession, _context: SimpleNamespace, answered: aiohttp.TraceRequestEndParams
    ) -> None:
        if answered.method == "PATCH" and (found := _EDIT.search(answered.url.path)):
            self.note(found[1], answered.response.headers)
            self.note(f"{found[1]}{found[2]}", answered.response.headers)
