"""Chooses the next token for all rows of a step at once, each with its own parameters.

A row's choice depends on its own logits, parameters and random numbers only, never on its neighbours.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from bot.engine.request import SamplingParams

# Sampling looks at the likeliest tokens first; the whole vocabulary is sorted only for a row that needs more.
CANDIDATES = 256


def choose(
    logits: Tensor, params: Sequence[SamplingParams], history: Tensor, lengths: Tensor, uniforms: Sequence[float]
) -> list[int]:
    """One token id per row.

    `logits`: float32 [rows, vocabulary], changed in place. `history`: int64 [rows, tokens], prompt and completion so
    far, valid up to `lengths` [rows]. `uniforms`: one random number in [0, 1) per row.
    """
    penalize_repetition(logits, [p.repetition_penalty for p in params], history, lengths)
    return pick(logits, params, uniforms)


def pick(logits: Tensor, params: Sequence[SamplingParams], uniforms: Sequence[float]) -> list[int]:
    """One token id per row from logits that are penalized already; -inf is chosen only where a row has no more."""
    chosen = _likeliest(logits)
    sampled = [row for row, p in enumerate(params) if not p.greedy]
    if sampled:
        index = torch.tensor(sampled, device=logits.device)
        chosen[index] = _sample(logits[index], [params[row] for row in sampled], [uniforms[row] for row in sampled])
    return [int(token) for token in chosen.tolist()]


def _likeliest(logits: Tensor) -> Tensor:
    """int64 [rows]. On a CPU by numpy, which takes a twentieth of torch's time."""
    return torch.from_numpy(logits.numpy().argmax(-1)) if logits.device.type == "cpu" else logits.argmax(-1)


def penalize_repetition(logits: Tensor, penalties: Sequence[float], history: Tensor, lengths: Tensor) -> None:
    """Tokens already seen become less likely: logits above zero are divided by the penalty, others multiplied.

    CTRL (Keskar et al., 2019), as transformers' RepetitionPenaltyLogitsProcessor. In place.
    """
    if all(penalty == 1.0 for penalty in penalties):
        return
    penalty = logits.new_tensor(penalties)[:, None]
    seen = torch.arange(history.shape[1], device=history.device) < lengths[:, None]
    # Beyond a row's length its own first token stands in: penalized once, because the old value is read first.
    ids = torch.where(seen, history, history[:, :1])
    scores = logits.gather(1, ids)
    logits.scatter_(1, ids, torch.where(scores < 0, scores * penalty, scores / penalty))


def _sample(logits: Tensor, params: Sequence[SamplingParams], uniforms: Sequence[float]) -> Tensor:
    """The inverse of the cumulative distribution, likeliest token first: one random number decides one token."""
    scaled = logits / logits.new_tensor([p.temperature for p in params])[:, None]
    scores, ids = scaled.topk(min(CANDIDATES, scaled.shape[1]))
    normalizer = scaled.logsumexp(-1, keepdim=True)
    places, complete = _draw((scores - normalizer).exp(), params, uniforms, last=scaled.shape[1])
    chosen = ids.gather(1, places[:, None])[:, 0]
    for row in (~complete).nonzero()[:, 0].tolist():
        all_scores, all_ids = scaled[row : row + 1].sort(descending=True, stable=True)
        probabilities = (all_scores - normalizer[row : row + 1]).exp()
        place, _ = _draw(probabilities, [params[row]], [uniforms[row]], last=scaled.shape[1])
        chosen[row] = all_ids[0, place[0]]
    return chosen


def _draw(
    probabilities: Tensor, params: Sequence[SamplingParams], uniforms: Sequence[float], last: int
) -> tuple[Tensor, Tensor]:
    """Where each row's draw falls among its likeliest tokens, and whether looking at more could change that.

    `probabilities`: [rows, candidates], of the whole vocabulary's distribution, likeliest first. Filters apply in
    transformers' order: top-k, top-p over what is left, min-p.
    """
    count = probabilities.shape[1]
    place = torch.arange(count, device=probabilities.device)[None]
    top_k = torch.tensor([[p.top_k or last] for p in params], device=probabilities.device)
    top_p = probabilities.new_tensor([[p.top_p if p.top_p < 1 else float("inf")] for p in params])
    min_p = probabilities.new_tensor([[p.min_p] for p in params])
    kept = probabilities * (place < top_k)
    # The mass that the filters see: of the top k where all of them are here, else of the whole vocabulary, which is 1.
    mass = torch.where(top_k <= count, kept.sum(-1, keepdim=True), torch.ones_like(min_p))
    kept = kept * (kept.cumsum(-1) - kept < mass * top_p)
    kept = kept * (kept >= kept[:, :1] * min_p)
    cumulative = kept.cumsum(-1)
    closed = (kept[:, -1] == 0) | (place[:, -1] == last - 1)
    total = torch.where(closed, cumulative[:, -1], mass[:, 0])
    places = (cumulative <= (total * total.new_tensor(uniforms))[:, None]).sum(-1)
    unfiltered = (top_k == last) & torch.isinf(top_p) & (min_p == 0)
    mass_known = (top_k <= count) | (top_k >= last)
    complete = mass_known[:, 0] & (closed | (unfiltered[:, 0] & (places < count)))
    last_kept = (kept > 0).sum(-1) - 1
    return torch.minimum(places, last_kept).clamp_min_(0), complete
