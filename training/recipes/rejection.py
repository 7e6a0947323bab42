"""Owns rejection sampling: of several answers to a prompt, the one that members would like best becomes an example.

Who would like it is guessed by a scorer that learned from their votes (training/scorer.py), so that few votes reach
further than the replies they were given to. Where the votes tell nothing that holds for other replies, none is kept.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from bot.prompt import Message, PromptRenderer
from training.dataset import Row, VotedRow
from training.evaluate import Answer
from training.scorer import JudgedAnswer, Matrix, Scorer, learn_taste
from training.sources import Source

# How likely a like must be, were likes and dislikes equally many, for an answer to become an example.
LIKELY = 0.7


def scorer_of(votes: Sequence[VotedRow], model: Any, renderer: PromptRenderer) -> Scorer:
    """`votes` must hold likes and dislikes; `model` is the base model."""
    states = mean_states(model, renderer, [vote.completion for vote in votes])
    return learn_taste(
        [
            JudgedAnswer(vote.completion, state, vote.liked, vote.weight)
            for vote, state in zip(votes, states, strict=True)
        ]
    )


def keep_liked(
    scorer: Scorer,
    model: Any,
    renderer: PromptRenderer,
    prompts: Sequence[tuple[Message, ...]],
    answers: Sequence[Sequence[Answer]],
) -> list[Row]:
    """The best answer to each prompt, if a like is LIKELY and nothing is wrong with it. No answer is kept twice."""
    kept: dict[str, Row] = {}
    for messages, given in zip(prompts, answers, strict=True):
        sound = [answer.text.strip() for answer in given if answer.flaw is None and answer.text.strip()]
        fresh = [text for text in dict.fromkeys(sound) if text.casefold() not in kept]
        if not fresh:
            continue
        likely, best = max(zip(scorer.score(fresh, mean_states(model, renderer, fresh)), fresh, strict=True))
        if likely >= LIKELY:
            kept[best.casefold()] = Row(Source.SAMPLED, messages, best)
    return list(kept.values())


@torch.inference_mode()
def mean_states(model: Any, renderer: PromptRenderer, texts: Sequence[str]) -> list[Matrix]:
    """The base model's last hidden states over each text, averaged: float64 [hidden]."""
    found = []
    for text in texts:
        ids = torch.tensor([renderer.text_example(text).ids or [0]], device=model.device)
        states = model(input_ids=ids, output_hidden_states=True, use_cache=False, logits_to_keep=1).hidden_states[-1]
        found.append(states[0].float().mean(0).cpu().numpy().astype(np.float64))
    return found
