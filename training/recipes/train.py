"""One training: the chosen recipes in order, from the base model, each going on with the adapter of the one before."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.engine.base_model import BaseModelFiles, hub_name
from training.recipes.adapter import LossPoint, TrainedAdapter, packed
from training.recipes.base import load_base, quiet_libraries
from training.recipes.loop import Hyperparameters, OnStep, Stage
from training.recipes.recipe import Recipe, Trainee, TrainingInput


def train(
    files: BaseModelFiles,
    tokenizer: Any,
    given: TrainingInput,
    recipes: Sequence[Recipe],
    parameters: Hyperparameters,
    folder: Path,
    on_step: OnStep,
) -> TrainedAdapter:
    """Train a LoRA adapter. The same input and seed give the same weights, also when a killed training goes on.

    Checkpoints lie in `folder`, which must hold those of no other input. Raises PublishError when the loss stops being
    a number or a checkpoint cannot be written, ConfigError and BaseModelError when the base model does not fit.
    """
    started = time.monotonic()
    steps = {recipe: recipe.steps(given, parameters) for recipe in recipes}
    model, curve, done = load_base(files, parameters.precision, parameters.device), list[LossPoint](), 0
    with quiet_libraries():
        for recipe in recipes:
            if recipe.train is None:
                continue
            stage = Stage(recipe.name, folder / recipe.name, _shifted(on_step, done, sum(steps.values())))
            model, losses = recipe.train(Trainee(model, tokenizer, files.name), given, parameters, stage)
            curve += losses
            done += steps[recipe]
    return packed(model, hub_name(files.name), curve, time.monotonic() - started)


def _shifted(on_step: OnStep, done: int, total: int) -> OnStep:
    return lambda step, _, loss: on_step(done + step, total, loss)
