"""Turns a request's events into a stream on the event loop; those of the engine's thread arrive in batches."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

from bot.engine.live_request import Event, LiveRequest
from bot.engine.request import Chunk, Completion


class Outbox:
    """Collects what a step has to say, so that each event loop is woken once per step."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._letters: list[tuple[Mailbox, Event]] = []

    def post(self, mailbox: "Mailbox", event: Event) -> None:
        with self._lock:
            self._letters.append((mailbox, event))

    def flush(self) -> None:
        with self._lock:
            letters, self._letters = self._letters, []
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Mailbox, Event]]] = {}
        for mailbox, event in letters:
            by_loop.setdefault(mailbox.loop, []).append((mailbox, event))
        for loop, own in by_loop.items():
            try:
                loop.call_soon_threadsafe(_hand_over, own)
            except RuntimeError:  # the loop is closed: its callers are gone
                for mailbox, _ in own:
                    mailbox.abandoned = True


class Mailbox:
    """Where one request's events arrive, on the event loop that submitted it."""

    def __init__(self, post: "Callable[[Mailbox, Event], None]") -> None:
        """`post` sees to it that `receive` is called with an event on this loop, now or soon."""
        self.loop = asyncio.get_running_loop()
        self.abandoned = False
        self.completion: Completion | None = None
        self._post = post
        self._events: asyncio.Queue[Event] = asyncio.Queue()

    def hear(self, event: Event) -> None:
        self._post(self, event)

    def receive(self, event: Event) -> None:
        if isinstance(event, Completion):
            self.completion = event
        self._events.put_nowait(event)

    async def next_event(self) -> Event:
        """The last event stays: it ends every later iteration too."""
        event = await self._events.get()
        if not isinstance(event, Chunk):
            self._events.put_nowait(event)
        return event


class StreamedGeneration:
    """The Generation of either engine. Leaving the iteration early cancels the request: nobody would hear the rest."""

    def __init__(
        self,
        live: LiveRequest,
        mailbox: Mailbox,
        position: Callable[[LiveRequest], int],
        wait_s: Callable[[LiveRequest], float | None],
        cancel: Callable[[LiveRequest], None],
    ) -> None:
        self._live = live
        self._mailbox = mailbox
        self._position = position
        self._wait_s = wait_s
        self._cancel = cancel

    @property
    def position(self) -> int:
        return self._position(self._live)

    @property
    def wait_s(self) -> float | None:
        return self._wait_s(self._live)

    @property
    def completion(self) -> Completion | None:
        return self._mailbox.completion

    def cancel(self) -> None:
        self._cancel(self._live)

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        ended = False
        try:
            while True:
                event = await self._mailbox.next_event()
                if isinstance(event, Chunk):
                    yield event
                    continue
                ended = True
                if isinstance(event, Completion):
                    return
                raise event
        finally:
            if not ended:
                self.cancel()


def _hand_over(letters: list[tuple[Mailbox, Event]]) -> None:
    for mailbox, event in letters:
        mailbox.receive(event)
