"""Fakes at real seams: an engine that streams scripted text, and a tokenizer whose token ids are characters."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, ClassVar

from bot.engine import Chunk, Completion, EngineStatus, FinishReason, GenerationRequest
from bot.errors import EngineStopped, QueueFull
from bot.versions.registry import AdapterVersion


async def _plainly(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


class ScriptedGeneration:
    """A reply the test speaks piece by piece: `say`, then `end` or `fail`. Follows bot.engine.request.Generation."""

    def __init__(self, request: GenerationRequest, wait: Callable[[Awaitable[Any]], Awaitable[Any]]) -> None:
        self.request = request
        self.position = 0
        self.wait_s: float | None = None
        self.cancelled = False
        self._wait = wait
        self._events: asyncio.Queue[Chunk | FinishReason | Exception] = asyncio.Queue()
        self._said: list[str] = []
        self._completion: Completion | None = None

    @property
    def completion(self) -> Completion | None:
        return self._completion

    def say(self, text: str) -> None:
        self._events.put_nowait(Chunk(text, tuple(map(ord, text))))

    def end(self, reason: FinishReason = FinishReason.STOP) -> None:
        self._events.put_nowait(reason)

    def fail(self, error: Exception) -> None:
        self._events.put_nowait(error)

    def cancel(self) -> None:
        self.cancelled = True
        self.end(FinishReason.CANCELLED)

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        while self._completion is None:
            event = await self._wait(self._events.get())
            if isinstance(event, Exception):
                raise event
            if isinstance(event, FinishReason):
                self._completion = self._completed(event)
                return
            self._said.append(event.text)
            yield event

    def _completed(self, reason: FinishReason) -> Completion:
        text = "".join(self._said)
        return Completion(
            text=text,
            token_ids=tuple(map(ord, text)),
            finish_reason=reason,
            adapter=self.request.adapter,
            seed=self.request.sampling.seed or 0,
            prompt_tokens=len(self.request.prompt_ids),
            queued_s=0.0,
            first_token_s=0.0 if text else None,
            total_s=0.0,
        )


class ScriptedEngine:
    """Streams what the test prepared, in the order of the requests. Follows bot.engine.request.Engine.

    `says` prepares whole replies; `holds` hands out the next reply for the test to speak while it is shown; `raises`
    refuses the next request. Unprepared requests are answered with `default`.
    `wait` wraps the wait for the test's next word (simcord must know that it is waiting for the test).
    """

    context_tokens = 4096
    fingerprint = "scripted"
    arithmetic = "scripted"

    def __init__(
        self,
        default: str = "Aye.",
        *,
        wait: Callable[[Awaitable[Any]], Awaitable[Any]] = _plainly,
        queue_size: int = 64,
    ) -> None:
        self.default = default
        self.wait = wait
        self.queue_size = queue_size
        self.generations: list[ScriptedGeneration] = []
        self.resident: dict[AdapterVersion, None] = {}
        self.tokenizer = CharacterTokenizer()
        self._prepared: deque[list[str] | Exception | None] = deque()
        self._stopped = False

    @property
    def requests(self) -> list[GenerationRequest]:
        return [generation.request for generation in self.generations]

    def says(self, *pieces: str) -> None:
        """The next unprepared request is answered with `pieces`, one chunk each."""
        self._prepared.append(list(pieces))

    def holds(self) -> None:
        """The next unprepared request waits for the test: speak through `generations[-1]`."""
        self._prepared.append(None)

    def raises(self, error: Exception) -> None:
        self._prepared.append(error)

    def submit(self, request: GenerationRequest) -> ScriptedGeneration:
        if self._stopped:
            raise EngineStopped
        unfinished = sum(generation.completion is None for generation in self.generations)
        if unfinished >= self.queue_size:
            raise QueueFull(unfinished)
        prepared = self._prepared.popleft() if self._prepared else [self.default]
        if isinstance(prepared, Exception):
            raise prepared
        generation = ScriptedGeneration(request, self.wait)
        self.generations.append(generation)
        if prepared is not None:
            for piece in prepared:
                generation.say(piece)
            generation.end()
        return generation

    async def start(self) -> None:
        self._stopped = False

    async def stop(self) -> None:
        self._stopped = True
        for generation in self.generations:
            if generation.completion is None:
                generation.fail(EngineStopped())

    async def load(self, adapter: AdapterVersion) -> None:
        self.resident[adapter] = None

    async def unload(self, adapter: AdapterVersion) -> None:
        self.resident.pop(adapter, None)

    def status(self) -> EngineStatus:
        running = sum(generation.completion is None for generation in self.generations)
        return EngineStatus("scripted", "none", "none", running, 0, 64, tuple(self.resident))


class CharacterTokenizer:
    """One token per character, with a readable chat template: `<user>hi</user><assistant>`."""

    name_or_path = "characters"
    chat_template = "characters"
    added_tokens_decoder: ClassVar[dict[int, Any]] = {}
    eos_token_id = None

    def apply_chat_template(self, rows: list[dict[str, str]], *, add_generation_prompt: bool = False, **_: Any) -> str:
        turns = "".join(f"<{row['role']}>{row['content']}</{row['role']}>" for row in rows)
        return turns + ("<assistant>" if add_generation_prompt else "")

    def __call__(self, text: str, **_: Any) -> dict[str, list[int]]:
        return {"input_ids": [ord(character) for character in text]}

    def decode(self, ids: list[int], **_: Any) -> str:
        return "".join(map(chr, ids))
