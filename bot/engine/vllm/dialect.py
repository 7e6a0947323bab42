"""vLLM's dialect of the completions protocol: what is sent, what comes back, what a refusal means. Pure data.

Another server that knows adapters by name needs another module like this one. Read in the documentation of vLLM 0.32:
"OpenAI-compatible server", "LoRA adapters", "structured outputs".
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from bot.engine.request import SamplingParams
from bot.engine.vllm.faults import RequestRefused, ServerBusy, ServerLost

COMPLETIONS, HEALTH, MODELS, VERSION = "/v1/completions", "/health", "/v1/models", "/version"
MOST_TEMPERATURE = 2.0  # vLLM refuses more
NEVER = -100.0  # logit bias of a token that must not come


@dataclass(frozen=True)
class Piece:
    """Some tokens of a reply; `finish_reason` only with the last ones: "stop", "length" or "abort"."""

    token_ids: tuple[int, ...]
    finish_reason: str | None


@dataclass(frozen=True)
class CompletionRequest:
    """What a server is asked: to go on from `prompt_ids`, which hold what was said before, for `most_tokens` at most.

    `never`: tokens that must not come. `must_go_on`: the first token must not end the turn. `constraint`: structured
    output that the rest must match.
    """

    adapter: str
    prompt_ids: tuple[int, ...]
    sampling: SamplingParams
    seed: int
    most_tokens: int
    end_ids: frozenset[int]
    never: frozenset[int] = frozenset()
    must_go_on: bool = False
    constraint: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The request's JSON. Fields that vLLM does not know it ignores silently, so nothing here is for others."""
        sampling = self.sampling
        body: dict[str, Any] = {
            "model": self.adapter,
            "prompt": list(self.prompt_ids),
            "stream": True,
            "return_token_ids": True,
            "max_tokens": self.most_tokens,
            "seed": self.seed,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "top_k": sampling.top_k,
            "min_p": sampling.min_p,
            "repetition_penalty": sampling.repetition_penalty,
            "ignore_eos": sampling.ignore_eos,
        }
        if not sampling.ignore_eos:
            body["stop_token_ids"] = sorted(self.end_ids)
        if self.never:
            body["logit_bias"] = {str(token): NEVER for token in sorted(self.never)}
        if self.must_go_on:
            body["min_tokens"] = 1
        if self.constraint:
            body["structured_outputs"] = dict(self.constraint)
        return body


@dataclass(frozen=True)
class ListedModel:
    """What a server says of the base model: the --model it was started with, and its longest context in tokens."""

    root: str
    context_tokens: int


def unsupported(sampling: SamplingParams) -> str | None:
    """Which setting vLLM cannot follow, its value and the remedy; None where it can follow all."""
    if sampling.temperature > MOST_TEMPERATURE:
        return f"temperature = {sampling.temperature:g}: vLLM allows {MOST_TEMPERATURE:g} at most"
    return None


def piece_of(line: bytes) -> Piece | None:
    """What a line of the stream brings; None for keep-alives and the like. Raises ServerLost for an error in it."""
    if not line.startswith(b"data: {"):
        return None
    event = json.loads(line[6:])
    if "error" in event:  # although the status was 200: the engine behind the server has died
        raise ServerLost(f"an error in the stream: {_message(event)}")
    for choice in event.get("choices", ()):
        return Piece(tuple(choice.get("token_ids") or ()), choice.get("finish_reason"))
    return None


def refusal(status: int, text: str, retry_after: str | None) -> Exception:
    """What an answer that is not 200 means for whom."""
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        return ServerBusy(float(retry_after) if retry_after and retry_after.isdecimal() else None)
    if status == HTTPStatus.NOT_FOUND or "could not be loaded" in text or "LoRA rank" in text:
        return RequestRefused(f"the adapter could not be loaded there: {text[:200]}")
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return ServerLost(f"status {status}: the key is wrong; set VLLM_API_KEY to the one the server was given")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServerLost(f"status {status}: {text[:200]}")
    return RequestRefused(f"status {status}: {text[:200]}")


def model_of(models: Mapping[str, Any]) -> ListedModel:
    """The base model among what a server lists. Raises ServerLost when it lists none."""
    for model in models.get("data", ()):
        if not model.get("parent"):
            return ListedModel(str(model.get("root") or model["id"]), int(model.get("max_model_len") or 0))
    raise ServerLost("it lists no base model")


def _message(event: Mapping[str, Any]) -> str:
    error = event["error"]
    return str(error.get("message", error) if isinstance(error, dict) else error)[:200]
