"""Reinforcement learning with verifiable rewards, for personas whose card has rules (TRL's GRPOTrainer).

It goes on with the adapter of the stage before, whose frozen copy it is held to (Shao et al., 2024). Of several
sampled answers to a prompt, those that keep the rules better than the others become likelier.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import datasets
import torch
from trl import GRPOConfig, GRPOTrainer

from training.recipes.adapter import LossPoint
from training.recipes.loop import Hyperparameters, Stage, common, follow, one_device
from training.recipes.recipe import Recipe, Supply, Trainee, TrainingInput
from training.recipes.rewards import Aim, curriculum_at, fluency, reward

ANSWERS = 4  # to each prompt
LONGEST = 48  # tokens of an answer
HOLD = 0.04  # to the adapter it starts from (the paper's beta)
FLUENCY_WEIGHT = 0.5


def train_grpo(
    trainee: Trainee, given: TrainingInput, parameters: Hyperparameters, stage: Stage
) -> tuple[Any, list[LossPoint]]:
    """Train the PEFT model's adapter towards the aim by `grpo_steps` steps, in place; the model and its losses."""
    assert given.aim is not None
    model, tokenizer = trainee.model, trainee.tokenizer
    steps = parameters.grpo_steps
    shared = {**common(parameters, stage, steps, ANSWERS), "gradient_accumulation_steps": 2}
    arguments = GRPOConfig(
        **shared,
        max_steps=steps,
        learning_rate=parameters.preference_learning_rate,
        num_generations=ANSWERS,
        max_completion_length=LONGEST,
        beta=HOLD,
        reward_weights=[1.0, FLUENCY_WEIGHT],
        gradient_checkpointing=False,  # a few short answers fit into memory
    )
    rendered = {tokenizer.decode(list(ids)): list(ids) for ids in given.prompts}
    trainer = _RenderedTrainer(
        rendered,
        model=model,
        reward_funcs=[_keeps_rules(given.aim, parameters), _natural(model)],
        args=one_device(arguments),
        train_dataset=datasets.Dataset.from_dict({"prompt": list(rendered)}),
        processing_class=tokenizer,
    )
    losses = follow(trainer, stage, generates=True)
    model.delete_adapter("ref")
    return model, losses


def _missing(supply: Supply) -> str | None:
    if supply.rules:
        return None
    return "the persona's card has no [rules] that could be verified; write some, or choose auto."


GRPO = Recipe(
    "grpo",
    suits=lambda *_: False,  # what a card rules, the sampler enforces to the letter without any training
    missing=_missing,
    steps=lambda _, parameters: parameters.grpo_steps,
    train=train_grpo,
)


class _RenderedTrainer(GRPOTrainer):  # type: ignore[misc] # trl is untyped
    """TRL's trainer on prompt ids of our one renderer."""

    def __init__(self, rendered: Mapping[str, list[int]], **options: Any) -> None:
        self._rendered = rendered
        super().__init__(**options)

    def _tokenize_prompts(self, prompts: Sequence[str]) -> tuple[list[list[int]], None, dict[str, Any]]:
        return [self._rendered[prompt] for prompt in prompts], None, {}


def _keeps_rules(aim: Aim, parameters: Hyperparameters) -> Any:
    def keeps_rules(completions: Sequence[str], trainer_state: Any, **_: Any) -> list[float]:
        progress = trainer_state.global_step / max(1, parameters.grpo_steps - 1)
        demand = curriculum_at(aim, min(1.0, progress), curriculum=parameters.grpo_curriculum)
        return [reward(aim, demand, text) for text in completions]

    return keeps_rules


def _natural(model: Any) -> Any:
    @torch.no_grad()
    def natural(prompts: Sequence[str], completion_ids: Sequence[list[int]], **_: Any) -> list[float]:
        """By the base model alone, the answer without its prompt: a persona's voice is none of its business."""
        del prompts
        with model.disable_adapter():
            return fluency([_mean_log_likelihood(model, ids) for ids in completion_ids])

    return natural


def _mean_log_likelihood(model: Any, ids: list[int]) -> float:
    if len(ids) < 2:
        return 0.0
    row = torch.tensor([ids], device=model.device)
    scores = model(input_ids=row, use_cache=False).logits[0, :-1].float().log_softmax(-1)
    return float(scores.gather(1, row[0, 1:, None]).mean())
