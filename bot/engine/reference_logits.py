"""The answers that every decoder must give: the model's own, by transformers' unmodified forward pass, without an
adapter and with a random one on every linear layer that can have one.
"""

import contextlib
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import transformers
from torch import Tensor, nn

from bot.engine.projections import LoraShare

PROBE_TOKENS = 48
# Where the probe's answers are compared: after these many tokens.
PROBE_ENDS = (5, 31, PROBE_TOKENS - 1, PROBE_TOKENS)
# Sliding windows are made this short for the probe, so that it reaches well past the longest.
PROBE_WINDOW = 12
PROBE_RANK = 2
# What a random adapter adds to each output of a layer, beside the layer's own: enough to be noticed at the end, and too
# little for rounding to grow into another answer on the way there.
SHARE = 0.15
PROBE_TEXT = (
    "The weather is fine today. Ask me anything: what is a car, why is the sky blue, how do I bake bread? "
    "I will answer in a few short, plain sentences, and then we can talk about something else that you like."
)


@dataclass(frozen=True)
class ReferenceLogits:
    """What transformers' own code answers to `ids` with sliding windows of PROBE_WINDOW, each [ends, vocabulary]: the
    model alone, and with the random adapter `shares`, whose names are the layers that can be adapted. `shapes`: per
    layer its key heads, key size and value size."""

    ids: tuple[int, ...]
    plain: Tensor
    adapted: Tensor
    shares: dict[str, LoraShare]
    shapes: tuple[tuple[int, int, int], ...]


class Unservable(Exception):
    """Why an engine made of rows and adapters cannot run a model: the end of a sentence that begins "because"."""


@torch.inference_mode()
def reference_of(model: Any, text_ids: Sequence[int]) -> ReferenceLogits:
    """The model's own answers to PROBE_TEXT as its tokenizer reads it, or to any tokens where that is too short, with
    transformers' own cache and the attention the model was loaded with. Raises Unservable."""
    vocabulary = model.config.get_text_config().vocab_size
    ids = tuple(text_ids)[:PROBE_TOKENS]
    if len(ids) < PROBE_TOKENS or max(ids) >= vocabulary:
        ids = tuple((7 * i * i + 3 * i + 5) % vocabulary for i in range(PROBE_TOKENS))
    with short_windows(model):
        with _counted_calls(model) as calls:
            plain, cache = _answer(model, ids)
        names = [name for name, count in calls.items() if count == 1]
        shares: dict[str, LoraShare] = {}
        with _adapted(model, names, shares):
            adapted, _ = _answer(model, ids)
    return ReferenceLogits(ids, plain, adapted, shares, _shapes(cache))


def forward(model: Any, ids: Tensor, positions: Tensor, keep: Tensor, cache: Any) -> Tensor:
    """The logits of the tokens at `keep`, float32 [kept, vocabulary]."""
    out = model(input_ids=ids, position_ids=positions, past_key_values=cache, use_cache=True, logits_to_keep=keep)
    logits: Tensor = out.logits[0].float()
    return logits


@contextmanager
def short_windows(model: Any) -> Iterator[None]:
    """Sliding windows of PROBE_WINDOW at most while this lasts, wherever transformers' models keep them."""
    holders = [model.config.get_text_config(), *model.modules()]
    longer = [(holder, window) for holder in holders if (window := _window_of(holder)) > PROBE_WINDOW]
    for holder, _ in longer:
        holder.sliding_window = PROBE_WINDOW
    try:
        yield
    finally:
        for holder, window in longer:
            holder.sliding_window = window


def _window_of(holder: Any) -> int:
    window = getattr(holder, "sliding_window", None)
    return window if isinstance(window, int) and not isinstance(window, bool) else 0


def _answer(model: Any, ids: tuple[int, ...]) -> tuple[Tensor, Any]:
    device, cache = model.device, transformers.DynamicCache()
    keep = torch.tensor(PROBE_ENDS, device=device) - 1
    given = torch.tensor([ids], device=device)
    return forward(model, given, torch.arange(len(ids), device=device)[None], keep, cache), cache


def _shapes(cache: Any) -> tuple[tuple[int, int, int], ...]:
    try:
        return tuple((layer.keys.shape[1], layer.keys.shape[3], layer.values.shape[3]) for layer in cache.layers)
    except (AttributeError, IndexError) as error:
        raise Unservable("not all of its layers keep keys and values") from error


Hook = Callable[[nn.Module, tuple[Any, ...], Any], Any]


@contextmanager
def _hooked(model: Any, hooks: dict[str, Hook]) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for name, hook in hooks.items():
            stack.callback(model.get_submodule(name).register_forward_hook(hook).remove)
        yield


@contextmanager
def _counted_calls(model: Any) -> Iterator[Counter[str]]:
    """How often each linear layer, but for the output head, is called with all tokens of the prompt. One that is called
    with some of them, as the experts of a mixture are, counts as called often: rows could not be told apart there."""
    calls: Counter[str] = Counter()

    def hook_of(name: str) -> Hook:
        def count(layer: Any, _given: tuple[Any, ...], out: Any) -> None:
            whole = isinstance(out, Tensor) and out.numel() == PROBE_TOKENS * layer.out_features
            calls[name] += 1 if whole else PROBE_TOKENS

        return count

    head = model.get_output_embeddings()
    layers = [n for n, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head]
    with _hooked(model, {name: hook_of(name) for name in layers}):
        yield calls


@contextmanager
def _adapted(model: Any, names: list[str], shares: dict[str, LoraShare]) -> Iterator[None]:
    """A random adapter acts on these layers; what it adds to each is noted in `shares` when it is first called."""

    def hook_of(name: str, seed: int) -> Hook:
        def add(_layer: Any, given: tuple[Any, ...], out: Tensor) -> Tensor:
            shares[name] = share = shares.get(name) or _random_share(given[0].float(), out.float(), seed)
            added: Tensor = given[0].float() @ share.a.t() @ share.b.t()
            return out + added.to(out.dtype)

        return add

    with _hooked(model, {name: hook_of(name, seed) for seed, name in enumerate(names)}):
        yield


def _random_share(x: Tensor, out: Tensor, seed: int) -> LoraShare:
    """In proportion to each output's own size: in most models a few are many times as large as the rest."""
    inputs, outputs = x.shape[-1], out.shape[-1]
    source = torch.Generator().manual_seed(seed)
    a = torch.randn(PROBE_RANK, inputs, generator=source).to(x.device)
    b = torch.randn(outputs, PROBE_RANK, generator=source).to(x.device)
    sizes = _root_mean_square(out.reshape(-1, outputs), 0)
    low = _root_mean_square(x.reshape(-1, inputs) @ a.t(), None).clamp_min(1e-6)
    return LoraShare(a, SHARE * sizes[:, None] * b / (low * math.sqrt(PROBE_RANK)))


def _root_mean_square(values: Tensor, dim: int | None) -> Tensor:
    squares: Tensor = values.square()
    mean: Tensor = squares.mean(dim)
    return torch.sqrt(mean)
