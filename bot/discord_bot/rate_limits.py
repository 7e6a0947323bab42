"""How much one member and one server may ask for. Knows nothing of Discord: members and servers are ids."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from bot.errors import MemberError

REMEMBERED_BUCKETS = 10_000  # who is forgotten starts with a full bucket


class TooFast(MemberError):
    """`first`: the first refusal since something was granted; a member who goes on need not be told again."""

    def __init__(self, who: str, seconds: float, *, first: bool) -> None:
        wait = max(1, math.ceil(seconds))
        super().__init__("too-fast", who=who, seconds=wait)
        self.seconds = wait
        self.first = first


@dataclass(frozen=True)
class Rate:
    """So many a minute, and at most `burst` at once. A rate of 0 limits nothing."""

    per_minute: float
    burst: int


UNLIMITED = Rate(per_minute=0.0, burst=1)


@dataclass
class _Bucket:
    tokens: float
    filled_at: float
    told: bool = False


class Limits:
    """A token bucket for every member and every server."""

    def __init__(self, member: Rate, server: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._rates = {"member": member, "server": server}
        self._clock = clock
        self._buckets: OrderedDict[tuple[str, int], _Bucket] = OrderedDict()

    def take(self, member_id: int, guild_id: int | None) -> None:
        """Grant one answer. Raises TooFast; then nothing was taken."""
        wanted = [self._bucket("member", member_id)]
        if guild_id is not None:
            wanted.append(self._bucket("server", guild_id))
        for (kind, _), bucket in wanted:
            self._check(kind, bucket)
        for (kind, _), bucket in wanted:
            if self._rates[kind].per_minute:
                bucket.tokens -= 1.0
            bucket.told = False

    def _check(self, kind: str, bucket: _Bucket) -> None:
        rate = self._rates[kind]
        if not rate.per_minute or bucket.tokens >= 1.0:
            return
        first, bucket.told = not bucket.told, True
        raise TooFast(kind, (1.0 - bucket.tokens) * 60.0 / rate.per_minute, first=first)

    def _bucket(self, kind: str, number: int) -> tuple[tuple[str, int], _Bucket]:
        key, rate, now = (kind, number), self._rates[kind], self._clock()
        bucket = self._buckets.setdefault(key, _Bucket(float(rate.burst), now))
        bucket.tokens = min(float(rate.burst), bucket.tokens + (now - bucket.filled_at) * rate.per_minute / 60.0)
        bucket.filled_at = now
        self._buckets.move_to_end(key)
        if len(self._buckets) > REMEMBERED_BUCKETS:
            self._buckets.popitem(last=False)
        return key, bucket
