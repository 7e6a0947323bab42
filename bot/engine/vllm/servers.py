"""Which server is asked next: one that is well, has room, and knows the channel if possible. Knows no HTTP."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.engine.vllm.options import VllmOptions

MOST_REST_S = 30.0
REMEMBERED_CHANNELS = 4096


@dataclass(eq=False)
class Server:
    """One vLLM server, as far as this process knows it."""

    url: str
    rows: int
    well: bool = False  # at the last look
    running: int = 0
    failures: int = 0  # in a row
    rests_until: float = 0.0
    problem: str | None = None  # why it was not well at the last look

    def room(self, now: float) -> int:
        """How many more requests it gets; after a failure one at a time, until one succeeds."""
        if not self.well or now < self.rests_until:
            return 0
        return (1 if self.failures else self.rows) - self.running

    def answered(self) -> None:
        self.failures = 0


class ServerPool:
    """The servers, and which channel talks to which: there lies what was kept of its conversation."""

    def __init__(self, options: VllmOptions, clock: Callable[[], float] = time.monotonic) -> None:
        self.servers = [Server(url.rstrip("/"), options.max_rows) for url in options.urls]
        self._rest_seconds = options.rest_seconds
        self._clock = clock
        self._homes: OrderedDict[str, Server] = OrderedDict()

    @property
    def well(self) -> Sequence[Server]:
        return [server for server in self.servers if server.well]

    def free_rows(self) -> int:
        now = self._clock()
        return sum(max(server.room(now), 0) for server in self.servers)

    def pick(self, channel: str) -> Server | None:
        """The channel's own server where it has room, else the one with most; None where none has any."""
        now = self._clock()
        home = self._homes.get(channel)
        if home is None or home.room(now) <= 0:
            home = max(self.servers, key=lambda server: server.room(now))
        if home.room(now) <= 0:
            return None
        if channel:
            self._homes[channel] = home
            self._homes.move_to_end(channel)
            if len(self._homes) > REMEMBERED_CHANNELS:
                self._homes.popitem(last=False)
        return home

    def failed(self, server: Server) -> None:
        """Leave it alone for a while; all that it loses at once is one failure."""
        if (now := self._clock()) >= server.rests_until:
            server.failures += 1
            server.rests_until = now + min(self._rest_seconds * 2 ** (server.failures - 1), MOST_REST_S)

    def busy(self, server: Server, seconds: float | None) -> None:
        server.rests_until = self._clock() + (self._rest_seconds if seconds is None else seconds)
