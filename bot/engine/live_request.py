"""One request in the engine: its tokens so far, how many of them its row's KV cache holds, and how it ends."""

import random
import time
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.engine.request import Chunk, Completion, FinishReason, GenerationRequest, SamplingParams
from bot.engine.ruled_text import RuledText
from bot.engine.text import TextStream
from bot.errors import DeadlineExceeded

Event = Chunk | Completion | Exception
NO_TOKEN = -1  # no token may come next: the reply ends


class Listener(Protocol):
    """Who hears what becomes of a request. The last event is a Completion or an Exception."""

    abandoned: bool  # nobody can hear any more

    def hear(self, event: Event) -> None: ...


def text_of(sampling: SamplingParams, tokenizer: Any) -> TextStream | RuledText:
    """An empty reply's text: with its stop strings, and within its rules."""
    plain = TextStream(tokenizer, sampling.stop)
    return plain if sampling.rules is None else RuledText(plain, sampling.rules)


@dataclass(eq=False)
class LiveRequest:
    """`ids` are prompt and completion; the keys and values of the first `cached` of them lie in `row`."""

    request: GenerationRequest
    seed: int
    stream: TextStream | RuledText
    listener: Listener
    most_tokens: int  # of prompt and completion together
    end_ids: frozenset[int]
    deadline_s: float | None = None  # after submit
    submitted_at: float = field(default_factory=time.perf_counter)
    started_at: float | None = None
    first_token_at: float | None = None
    turn: float = 0.0  # in the queue: the smallest goes first
    row: int | None = None
    slot: int = 0
    cached: int = 0
    reused: int = 0  # tokens whose keys and values were kept from an earlier request
    begun: bool = False  # the row holds what could be reused; its first step may come
    ended: bool = False
    failed: bool = False
    cancelled: bool = False

    def __post_init__(self) -> None:
        self.ids = list(self.request.prompt_ids)
        self._told = len(self.ids)
        self._random = random.Random(self.seed)
        self._uniform = self._random.random()

    @property
    def pending(self) -> int:
        """Tokens not in the cache yet: 1 while decoding, more while the prompt is read."""
        return len(self.ids) - self.cached

    @property
    def completion_ids(self) -> tuple[int, ...]:
        return tuple(self.ids[len(self.request.prompt_ids) :])

    @property
    def uniform(self) -> float:
        """The random number that chooses the next token: the same until a token is accepted, however often a step
        is tried."""
        return self._uniform

    @property
    def deadline(self) -> float | None:
        """On the clock of `submitted_at`."""
        return None if self.deadline_s is None else self.submitted_at + self.deadline_s

    def redraw(self, attempt: int) -> float:
        """Another such number for when the rules refuse what the first chose; the same whenever it is asked for."""
        return random.Random(f"{self._uniform} {attempt}").random()

    def allows(self, token: int) -> bool:
        """Whether the request's rules let this token come next."""
        if isinstance(self.stream, TextStream):
            return True
        return self.stream.may_end() if self._is_end(token) else self.stream.allows(token)

    def start(self, row: int, slot: int) -> None:
        self.row, self.slot = row, slot
        self.started_at = time.perf_counter()

    def begin(self, reused: int) -> None:
        """The row holds the keys and values of the first `reused` tokens; the steps compute the others."""
        self.cached = self.reused = reused
        self.begun = True

    def accept(self, token: int) -> None:
        """Take the next token; tell the listener the text that is certain now, and the end."""
        if self.first_token_at is None:
            self.first_token_at = time.perf_counter()
        self._uniform = self._random.random()
        if token == NO_TOKEN or self._is_end(token):
            self.end(FinishReason.STOP, by_model=token != NO_TOKEN)
            return
        self.ids.append(token)
        if text := self.stream.push(token):
            self._tell(text)
        if self.stream.stopped:
            self.end(FinishReason.STOP)
        elif len(self.completion_ids) >= self.request.sampling.max_tokens or len(self.ids) >= self.most_tokens:
            self.end(FinishReason.LENGTH)

    def end(self, reason: FinishReason, *, by_model: bool = False) -> None:
        """Tell the listener the rest and the result. `by_model`: the model ended its turn itself."""
        if self.ended:
            return
        if rest := self.stream.finish(by_model=by_model):
            self._tell(rest)
        self.ended = True
        self.listener.hear(self._completion(FinishReason.STOP if self.stream.stopped else reason))

    def fail(self, error: Exception) -> None:
        if not self.ended:
            self.ended = self.failed = True
            self.listener.hear(error)

    def expire_if_overdue(self, now: float) -> None:
        """Fail with DeadlineExceeded when the deadline has passed at `now`, on the clock of `submitted_at`."""
        if self.deadline_s is not None and now >= self.submitted_at + self.deadline_s:
            self.fail(DeadlineExceeded(self.deadline_s, started=self.started_at is not None))

    def _is_end(self, token: int) -> bool:
        return token in self.end_ids and not self.request.sampling.ignore_eos

    def _tell(self, text: str) -> None:
        self.listener.hear(Chunk(text, tuple(self.ids[self._told :])))
        self._told = len(self.ids)

    def _completion(self, reason: FinishReason) -> Completion:
        now = time.perf_counter()
        first = self.first_token_at
        return Completion(
            text=self.stream.text,
            token_ids=self.completion_ids,
            finish_reason=reason,
            adapter=self.request.adapter,
            seed=self.seed,
            prompt_tokens=len(self.request.prompt_ids),
            reused_tokens=self.reused,
            queued_s=(now if self.started_at is None else self.started_at) - self.submitted_at,
            first_token_s=None if first is None else first - self.submitted_at,
            total_s=now - self.submitted_at,
        )
