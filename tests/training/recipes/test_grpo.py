import dataclasses

import pytest

from bot.personas.rules import Rules
from tests.training.recipes.conftest import PARAMETERS
from training.recipes.grpo import GRPO
from training.recipes.rewards import Aim
from training.recipes.sft import SFT
from training.recipes.train import train


@pytest.fixture(scope="module")
def reinforced(tiny_base, tokenizer, given, tmp_path_factory):
    def reinforced(**changes):
        parameters = dataclasses.replace(PARAMETERS, epochs=1.0, grpo_steps=2, **changes)
        prompts = sorted({pair.prompt_ids for pair in given.preferences})
        ruled = dataclasses.replace(given, prompts=prompts, aim=Aim(Rules(forbidden_characters=("k",)), 5))
        folder, seen = tmp_path_factory.mktemp("run"), []
        methods = (SFT, GRPO)
        return train(tiny_base, tokenizer, ruled, methods, parameters, folder, lambda *at: seen.append(at)), seen

    return reinforced


def test_rewards_go_on_with_the_adapter_that_examples_made_in_the_same_way_each_time(reinforced, teach):
    trained, seen = reinforced()
    assert [point.stage for point in trained.loss_curve] == ["sft"] * 3 + ["grpo"] * 2
    assert [step for step, _, _ in seen] == [1, 2, 3, 4, 5]
    assert trained.weights != teach(SFT, epochs=1.0).weights
    assert b".ref." not in trained.weights
    assert reinforced()[0].weights == trained.weights


def test_rewards_teach_with_products_in_bf16_too(reinforced):
    trained, _ = reinforced(precision="bf16")
    assert [point.stage for point in trained.loss_curve] == ["sft"] * 3 + ["grpo"] * 2
