"""Which recipes a training uses: a pure choice from what members gave."""

from collections.abc import Sequence

from bot.errors import ConfigError, DatasetError
from training.recipes.recipe import Enough, Recipe, Supply
from training.recipes.sft import SFT
from training.recipes.table import RECIPES


def choose(method: str, supply: Supply, enough: Enough, known: Sequence[Recipe] = RECIPES) -> tuple[Recipe, ...]:
    """The recipes for `method`: `auto`, or names joined by `+`, to which SFT is always added.

    Raises ConfigError for a name that is none, DatasetError when a named recipe has nothing to learn from.
    """
    if method == "auto":
        return tuple(recipe for recipe in known if recipe.suits(supply, enough))
    wanted = {SFT.name, *named(method, known)}
    chosen = tuple(recipe for recipe in known if recipe.name in wanted)
    for recipe in chosen:
        if refusal := recipe.missing(supply):
            raise DatasetError(f"method {recipe}: {refusal}")
    return chosen


def named(method: str, known: Sequence[Recipe] = RECIPES) -> set[str]:
    """The names in `method`, none in `auto`. Raises ConfigError for one that no recipe has."""
    wanted = set() if method == "auto" else set(method.split("+"))
    names = [recipe.name for recipe in known]
    if not wanted <= set(names):
        listed = ", ".join(names)
        raise ConfigError(f"training.method = {method!r}: must be auto or some of {listed}, joined as in sft+dpo.")
    return wanted
