"""Owns rejection sampling: of several answers to a prompt, the one that members would like best becomes an example.

Who would like it is guessed by a scorer that learned from their votes (training/scorer.py), so that few votes reach
further than the replies they were given to. Where the votes tell nothing that holds for other replies, none is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from bot.prompt import Message, PromptRenderer
from training.dataset import Dataset, PreferencePair, Row
from training.evaluate import Answer
from training.scorer import JudgedAnswer, Matrix, Scorer, learn_taste
from training.sources import Source

# How likely a like must be, were likes and dislikes equally many, for an answer to become an example.
LIKELY = 0.7


def scorer_of(dataset: Dataset, model: Any, renderer: PromptRenderer) -> Scorer:
    """From its votes and corrections, which must hold likes and dislikes; `model` is the base model.

    A better answer counts as liked: whoever wrote it would like it.
    """
    judged = [(vote.completion, vote.liked, vote.weight) for vote in dataset.votes]
    judged += [(row.completion, True, 1.0) for row in dataset.rows if row.source is Source.CORRECTION]
    states = mean_states(model, renderer, [text for text, *_ in judged])
    return learn_taste(
        [JudgedAnswer(text, state, liked, sure) for (text, liked, sure), state in zip(judged, states, strict=True)]
    )


def chances(scorer: Scorer, model: Any, renderer: PromptRenderer, texts: Sequence[str]) -> list[float]:
    """How likely members are to like each text, were likes and dislikes equally many."""
    return scorer.score(texts, mean_states(model, renderer, texts)) if texts else []


@dataclass(frozen=True)
class Chosen:
    """What sampled answers give to learn: the best to imitate, and the best before the worst of the same prompt."""

    rows: tuple[Row, ...] = ()
    pairs: tuple[PreferencePair, ...] = ()


def keep_liked(
    scorer: Scorer,
    model: Any,
    renderer: PromptRenderer,
    prompts: Sequence[tuple[Message, ...]],
    answers: Sequence[Sequence[Answer]],
) -> Chosen:
    """The best answer to each prompt, if a like is LIKELY and nothing is wrong with it. No answer is kept twice.

    Where a like of the worst is as unlikely, the best is preferred to it.
    """
    kept: dict[str, Row] = {}
    pairs: list[PreferencePair] = []
    for messages, given in zip(prompts, answers, strict=True):
        sound = [answer.text.strip() for answer in given if answer.flaw is None and answer.text.strip()]
        fresh = [text for text in dict.fromkeys(sound) if text.casefold() not in kept]
        if not fresh:
            continue
        ranked = sorted(zip(chances(scorer, model, renderer, fresh), fresh, strict=True))
        (least, worst), (most, best) = ranked[0], ranked[-1]
        if most >= LIKELY:
            kept[best.casefold()] = Row(Source.SAMPLED, messages, best)
            if least <= 1 - LIKELY:
                pairs.append(PreferencePair(Source.SAMPLED, messages, best, worst, 1, ()))
    return Chosen(tuple(kept.values()), tuple(pairs))


@torch.inference_mode()
def mean_states(model: Any, renderer: PromptRenderer, texts: Sequence[str]) -> list[Matrix]:
    """The base model's last hidden states over each text, averaged: float64 [hidden]."""
    found = []
    for text in texts:
        ids = torch.tensor([renderer.text_example(text).ids or [0]], device=model.device)
        states = model(input_ids=ids, output_hidden_states=True, use_cache=False, logits_to_keep=1).hidden_states[-1]
        found.append(states[0].float().mean(0).cpu().numpy().astype(np.float64))
    return found
