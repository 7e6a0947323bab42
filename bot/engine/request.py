"""The vocabulary of the engine: what is asked of it, what comes back, and the `Engine` protocol. Imports no torch."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from bot.personas.rules import Rules
from bot.versions.registry import AdapterVersion


class FinishReason(StrEnum):
    STOP = "stop"  # the model ended its turn, or a stop string was met
    LENGTH = "length"  # max_tokens or the context's end
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class SamplingParams:
    """How the next token is chosen. `temperature` 0 is greedy; `top_k` 0, `top_p` 1 and `min_p` 0 are off.

    `seed` makes the reply repeatable whatever else runs in the batch; None draws one.
    `repetition_penalty` follows CTRL (Keskar et al., 2019), over prompt and completion, as transformers has it.
    """

    temperature: float = 0.7
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    max_tokens: int = 200
    ignore_eos: bool = False  # benchmarks: exactly max_tokens tokens
    rules: Rules | None = None  # what the reply keeps to the letter

    @property
    def greedy(self) -> bool:
        return self.temperature == 0.0


@dataclass(frozen=True)
class GenerationRequest:
    prompt_ids: tuple[int, ...]
    sampling: SamplingParams
    adapter: AdapterVersion | None = None  # None: the base model alone
    channel: str = ""  # whose turn this is: channels take turns in the queue; "" is a channel of its own each time
    deadline_s: float | None = None  # seconds from submit until the reply must have ended; None: the engine's own limit
    server: str = ""  # whose share of the queue this takes beside the channel's; "" is nobody's


@dataclass(frozen=True)
class Chunk:
    """The next piece of a reply: whole characters only, never a part of a stop string."""

    text: str
    token_ids: tuple[int, ...]


@dataclass(frozen=True)
class Completion:
    """The finished reply. Times in seconds; `first_token_s` and `total_s` count from submit."""

    text: str
    token_ids: tuple[int, ...]
    finish_reason: FinishReason
    adapter: AdapterVersion | None
    seed: int
    prompt_tokens: int
    queued_s: float
    first_token_s: float | None
    total_s: float
    reused_tokens: int = 0  # of the prompt: their keys and values were kept from an earlier request


class Generation(Protocol):
    """A submitted request: iterate it for chunks, then read `completion`.

    Iterating raises GenerationFailed when a step failed for this request, DeadlineExceeded when its time was over,
    EngineStopped when the engine stopped.
    """

    @property
    def position(self) -> int:
        """Requests ahead of this one in the queue; 0 once it is running."""
        ...

    @property
    def wait_s(self) -> float | None:
        """About how many seconds until it runs, by what recent steps and replies took; None before any was measured."""
        ...

    @property
    def completion(self) -> Completion | None:
        """The result; None until the stream has ended. A cancelled request has one too, with what it had said."""
        ...

    def cancel(self) -> None:
        """End the reply soon; the stream then ends normally with finish reason CANCELLED. Idempotent."""
        ...

    def __aiter__(self) -> AsyncIterator[Chunk]: ...


@dataclass(frozen=True)
class EngineStatus:
    model: str
    device: str
    precision: str
    running: int
    waiting: int
    max_rows: int
    resident: tuple[AdapterVersion, ...] = field(default=())


class Engine(Protocol):
    """Serves token ids with a different adapter per request in one running batch."""

    @property
    def context_tokens(self) -> int:
        """Prompt and completion together must fit in this many tokens."""
        ...

    @property
    def fingerprint(self) -> str:
        """Identifies the base model's weights; adapters carry it in their manifest."""
        ...

    @property
    def tokenizer(self) -> Any:
        """The base model's, as transformers loads it: shared, and so never changed. Threads may use it at once."""
        ...

    @property
    def arithmetic(self) -> str:
        """Names what computes the last bits of logits: engines of one name give one answer to one question."""
        ...

    async def start(self) -> None: ...

    async def stop(self) -> None:
        """Refuse new requests, end running ones (EngineStopped), free everything. Idempotent."""
        ...

    def submit(self, request: GenerationRequest) -> Generation:
        """Queue a request. Raises EmptyPrompt, PromptTooLong, QueueFull or EngineStopped at once.

        An adapter that is not resident yet is loaded before the request runs.
        """
        ...

    async def load(self, adapter: AdapterVersion) -> None:
        """Make an adapter resident while others generate. Raises AdapterError; then nothing has changed."""
        ...

    async def unload(self, adapter: AdapterVersion) -> None:
        """Free what the adapter takes once no request uses it; one that asks for it again loads it again.

        Unknown ones are ignored.
        """
        ...

    def status(self) -> EngineStatus: ...
