import pytest

from bot.errors import ConfigError, DatasetError
from training.recipes.dpo import DPO
from training.recipes.kto import KTO
from training.recipes.plan import choose
from training.recipes.recipe import Enough, Recipe, Supply
from training.recipes.sft import SFT

ENOUGH = Enough(pairs=20, votes=300)


@pytest.mark.parametrize(
    ("supply", "methods"),
    [
        (Supply(0, 0, 0), ["sft"]),
        (Supply(19, 0, 0), ["sft"]),
        (Supply(20, 0, 0), ["sft", "dpo"]),
        (Supply(0, 200, 149), ["rejection", "sft"]),
        (Supply(0, 150, 150), ["sft", "kto"]),
        (Supply(0, 5000, 9), ["sft"]),
        (Supply(12, 0, 300, corrections=12), ["rejection", "sft"]),
        (Supply(12, 300, 0, corrections=12), ["sft"]),
        (Supply(40, 150, 400), ["sft", "dpo", "kto"]),
    ],
)
def test_auto_follows_how_much_members_gave(supply, methods):
    assert [str(recipe) for recipe in choose("auto", supply, ENOUGH)] == methods


def test_named_methods_are_put_into_order_and_sft_is_always_among_them():
    assert choose("kto+dpo", Supply(1, 1, 1), ENOUGH) == (SFT, DPO, KTO)


@pytest.mark.parametrize(
    ("method", "sentence"),
    [
        ("dpo", "no comparison or correction"),
        ("kto", "5 liked and 0 disliked"),
        ("rejection", "5 liked and 0 disliked"),
        ("grpo", r"no \[rules\]"),
    ],
)
def test_a_named_method_with_nothing_to_learn_from_is_refused_with_counts(method, sentence):
    with pytest.raises(DatasetError, match=sentence):
        choose(method, Supply(0, 5, 0), ENOUGH)


def test_an_unknown_method_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"training.method = 'sft\+magic'.*rejection, sft, dpo, kto, grpo"):
        choose("sft+magic", Supply(1, 1, 1), ENOUGH)


def test_one_more_recipe_in_the_table_is_planned_like_the_others():
    echo = Recipe("echo", suits=lambda supply, _: supply.likes > 3, missing=lambda _: "there is no echo here.")
    known = (SFT, echo)
    assert choose("auto", Supply(0, 4, 0), ENOUGH, known) == (SFT, echo)
    assert choose("auto", Supply(0, 3, 0), ENOUGH, known) == (SFT,)
    with pytest.raises(DatasetError, match="method echo: there is no echo here"):
        choose("echo", Supply(0, 4, 0), ENOUGH, known)
