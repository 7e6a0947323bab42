"""Faults a test can order from the sandbox: what Discord does on a bad day, on demand.

The fault injector only remembers orders; REST and gateway ask it before they act.
"""

from collections import deque
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any


@dataclass
class RestFault:
    """The next `times` requests of this method and path (both with `*` wildcards) are answered like this."""

    method: str
    path: str
    times: int
    delay: float = 0.0  # seconds, before anything else
    status: int | None = None  # None: only the delay, then the ordinary answer
    retry_after: float = 0.0  # seconds, with status 429
    everywhere: bool = False  # with status 429: the global limit
    acted: bool = False  # the request is carried out all the same: only its answer is lost

    def matches(self, method: str, path: str) -> bool:
        return fnmatch(method, self.method) and fnmatch(path, self.path)


@dataclass
class Faults:
    rest: list[RestFault] = field(default_factory=list)
    refused_connects: int = 0  # the next so many gateway connections are answered with HTTP 503
    disallowed_intents: bool = False  # an IDENTIFY with privileged intents is closed with 4014
    identify_close: int | None = None  # every IDENTIFY is closed with this code
    _doubled: deque[str] = field(default_factory=deque)
    _held_pattern: str | None = None
    _held: list[tuple[str, Any]] = field(default_factory=list)

    def rate_limit(
        self,
        method: str = "*",
        path: str = "*",
        *,
        retry_after: float = 0.5,
        times: int = 1,
        everywhere: bool = False,
    ) -> None:
        self.rest.append(RestFault(method, path, times, status=429, retry_after=retry_after, everywhere=everywhere))

    def fail(self, method: str = "*", path: str = "*", *, status: int = 500, times: int = 1) -> None:
        self.rest.append(RestFault(method, path, times, status=status))

    def lose_answer(self, method: str = "*", path: str = "*", *, status: int = 502, times: int = 1) -> None:
        """Carry the next `times` requests out and answer them with an error, as a proxy does that gave up waiting."""
        self.rest.append(RestFault(method, path, times, status=status, acted=True))

    def slow(self, method: str = "*", path: str = "*", *, seconds: float, times: int = 1) -> None:
        self.rest.append(RestFault(method, path, times, delay=seconds))

    def double(self, event: str, times: int = 1) -> None:
        """Deliver the next `times` gateway events of this name twice, as Discord sometimes does."""
        self._doubled.extend([event] * times)

    def hold(self, pattern: str) -> None:
        """Keep gateway events whose name matches back until the gateway is told to release them."""
        self._held_pattern = pattern

    # ------------------------------------------------------------------ asked by REST and gateway

    def next_for(self, method: str, path: str) -> RestFault | None:
        for fault in self.rest:
            if fault.matches(method, path):
                fault.times -= 1
                if fault.times <= 0:
                    self.rest.remove(fault)
                return fault
        return None

    def refuses_connect(self) -> bool:
        if self.refused_connects <= 0:
            return False
        self.refused_connects -= 1
        return True

    def deliveries(self, event: str) -> int:
        if event in self._doubled:
            self._doubled.remove(event)
            return 2
        return 1

    def holds(self, event: str, payload: Any) -> bool:
        if self._held_pattern is None or not fnmatch(event, self._held_pattern):
            return False
        self._held.append((event, payload))
        return True

    def take_held(self, *, newest_first: bool) -> list[tuple[str, Any]]:
        held, self._held, self._held_pattern = self._held, [], None
        return held[::-1] if newest_first else held
