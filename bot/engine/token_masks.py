"""Masks of the tokens that can never be in a reply under rules: one per set of forbidden characters, computed once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch import Tensor

from bot.personas.rules import Rules


class TokenMasks:
    """Masks over the model's vocabulary, True where a token is forbidden. Not for use by several threads.

    A mask holds what a token's own text decides: forbidden characters, tokens that have no text but a control
    meaning, and ids the tokenizer does not know. What depends on the tokens before is decided when one is chosen.
    """

    def __init__(self, tokenizer: Any, end_ids: frozenset[int]) -> None:
        self._tokenizer = tokenizer
        self._end_ids = end_ids
        self._masks: dict[tuple[tuple[str, ...], int, torch.device], Tensor] = {}
        # Half a second for 50,000 tokens: begun now, so that the first reply under rules need not wait for it.
        background = ThreadPoolExecutor(1, thread_name_prefix="troupe-masks")
        self._texts = background.submit(self._token_texts)
        background.shutdown(wait=False)

    def of(self, rules: Rules, like: Tensor) -> Tensor:
        """bool [vocabulary], for `like`'s last dimension and device."""
        key = (rules.forbidden_characters, like.shape[-1], like.device)
        if key not in self._masks:
            self._masks[key] = self._compute(rules, like.shape[-1]).to(like.device)
        return self._masks[key]

    def _compute(self, rules: Rules, vocabulary: int) -> Tensor:
        silent = set(self._tokenizer.all_special_ids) | set(range(len(self._tokenizer), vocabulary))
        forbidden = silent - self._end_ids
        if rules.forbidden_characters:
            characters = Rules(forbidden_characters=rules.forbidden_characters)
            forbidden.update(token for token, text in enumerate(self._texts.result()) if not characters.permit(text))
        mask = torch.zeros(vocabulary, dtype=torch.bool)
        mask[[token for token in forbidden if token < vocabulary]] = True
        return mask

    def _token_texts(self) -> list[str]:
        ids = [[token] for token in range(len(self._tokenizer))]
        texts: list[str] = self._tokenizer.batch_decode(ids, skip_special_tokens=True)
        return texts
