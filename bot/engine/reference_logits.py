"""The answer that every decoder must give: the model's own, by transformers' unmodified forward pass."""

from dataclasses import dataclass
from typing import Any

import torch
import transformers
from torch import Tensor

PROBE_TOKENS = 12


@dataclass(frozen=True)
class ReferenceLogits:
    """What transformers' own code answers: the logits after `ids`, [1, vocabulary], and per layer its key heads, key
    size and value size."""

    ids: tuple[int, ...]
    logits: Tensor
    shapes: tuple[tuple[int, int, int], ...]


@torch.inference_mode()
def reference_of(model: Any) -> ReferenceLogits:
    """The model's own answer to a fixed prompt, with transformers' own cache and the attention it was loaded with."""
    device = model.device
    ids = [(7 * i + 3) % model.config.get_text_config().vocab_size for i in range(PROBE_TOKENS)]
    cache = transformers.DynamicCache()
    logits = forward(
        model,
        torch.tensor([ids], device=device),
        torch.arange(PROBE_TOKENS, device=device)[None],
        torch.tensor([PROBE_TOKENS - 1], device=device),
        cache,
    )
    shapes = tuple((layer.keys.shape[1], layer.keys.shape[3], layer.values.shape[3]) for layer in cache.layers)
    return ReferenceLogits(tuple(ids), logits, shapes)


def forward(model: Any, ids: Tensor, positions: Tensor, keep: Tensor, cache: Any, **features: Any) -> Tensor:
    """The logits of the tokens at `keep`, float32 [kept, vocabulary]. `features` reach the attention function."""
    out = model(
        input_ids=ids, position_ids=positions, past_key_values=cache, use_cache=True, logits_to_keep=keep, **features
    )
    logits: Tensor = out.logits[0].float()
    return logits
