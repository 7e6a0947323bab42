"""Owns one training: the methods in order, from the base model, each going on with the adapter of the one before."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.engine.base_model import BaseModelFiles
from bot.prompt import TrainingExample
from training.dataset.rows import PreferenceExample, VotedExample
from training.recipes.adapter import Blend, LossPoint, TrainedAdapter, packed
from training.recipes.base import load_base, quiet_libraries
from training.recipes.dpo import prefer
from training.recipes.grpo import reinforce
from training.recipes.kto import sure, weigh
from training.recipes.loop import Hyperparameters, OnStep, Stage, steps_of
from training.recipes.plan import Method
from training.recipes.rewards import Aim
from training.recipes.sft import imitate


@dataclass(frozen=True)
class Lessons:
    """All that a training learns from, as token ids."""

    examples: Sequence[TrainingExample]
    preferences: Sequence[PreferenceExample] = ()
    votes: Sequence[VotedExample] = ()
    prompts: Sequence[tuple[int, ...]] = ()
    aim: Aim | None = None  # None: nothing that can be verified


def train(
    files: BaseModelFiles,
    tokenizer: Any,
    lessons: Lessons,
    methods: Sequence[Method],
    parameters: Hyperparameters,
    folder: Path,
    on_step: OnStep,
    blend: Blend | None = None,
) -> TrainedAdapter:
    """Train a LoRA adapter. The same input and seed give the same weights, also when a killed training goes on.

    `blend`: averaged into what SFT made, before the other methods go on with it.

    Checkpoints lie in `folder`, which must hold those of no other input. Raises PublishError when the loss stops being
    a number or a checkpoint cannot be written, ConfigError and BaseModelError when the base model does not fit.
    """
    started = time.monotonic()
    stages = {method: _steps(method, lessons, parameters) for method in methods if method is not Method.REJECTION}
    model, curve, done = load_base(files, parameters.precision, parameters.device), list[LossPoint](), 0
    with quiet_libraries():
        for method, steps in stages.items():
            stage = Stage(method.value, folder / method.value, _shifted(on_step, done, sum(stages.values())))
            if method is Method.SFT:
                model, losses = imitate(model, files.name, tokenizer, lessons.examples, parameters, stage)
                if blend:
                    blend.into(model)
            elif method is Method.DPO:
                losses = prefer(model, tokenizer, lessons.preferences, parameters, stage)
            elif method is Method.GRPO:
                assert lessons.aim is not None
                losses = reinforce(model, tokenizer, lessons.prompts, lessons.aim, parameters, stage)
            else:
                losses = weigh(model, tokenizer, lessons.votes, parameters, stage)
            curve += losses
            done += steps
    return packed(model, files.name, curve, time.monotonic() - started)


def _steps(method: Method, lessons: Lessons, parameters: Hyperparameters) -> int:
    if method is Method.SFT:
        return steps_of(len(lessons.examples), parameters, parameters.epochs)
    if method is Method.GRPO:
        return parameters.grpo_steps
    rows = lessons.preferences if method is Method.DPO else sure(lessons.votes)
    return steps_of(len(rows), parameters, parameters.preference_epochs)


def _shifted(on_step: OnStep, done: int, total: int) -> OnStep:
    return lambda step, _, loss: on_step(done + step, total, loss)
