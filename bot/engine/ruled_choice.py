"""Chooses the next token of rows with rules: as `sampling` does, among what the rules allow."""

from collections.abc import Sequence

from torch import Tensor

from bot.engine.live_request import NO_TOKEN, LiveRequest
from bot.engine.request import SamplingParams
from bot.engine.sampling import choose, pick
from bot.engine.token_masks import TokenMasks

# Tokens tried in turn before a reply that finds none ends where it is.
MOST_TRIES = 256


class RuledChoice:
    """Chooses for all rows of a step. Rows without rules are chosen for exactly as if no other row had any."""

    def __init__(self, masks: TokenMasks) -> None:
        self._masks = masks

    def choose(self, logits: Tensor, lives: Sequence[LiveRequest], history: Tensor, lengths: Tensor) -> list[int]:
        """One token id per row, NO_TOKEN where the rules leave none. Arguments as `sampling.choose`'s."""
        params = [live.request.sampling for live in lives]
        ruled = [(row, p.rules) for row, p in enumerate(params) if p.rules is not None]
        for row, rules in ruled:
            logits[row].masked_fill_(self._masks.of(rules, logits), float("-inf"))
        tokens = choose(logits, params, history, lengths, [live.uniform for live in lives])
        for row, _ in ruled:
            tokens[row] = _first_allowed(logits[row : row + 1], params[row], tokens[row], lives[row])
        return tokens


def _first_allowed(logits: Tensor, params: SamplingParams, token: int, live: LiveRequest) -> int:
    """Draw again without what was refused until a token is allowed.

    Drawing without replacement until one is allowed chooses among the allowed by their own probabilities.
    """
    for attempt in range(MOST_TRIES):
        if logits[0, token].isneginf():
            break
        if live.allows(token):
            return token
        logits[0, token] = float("-inf")
        token = pick(logits, [params], [live.redraw(attempt)])[0]
    return NO_TOKEN
