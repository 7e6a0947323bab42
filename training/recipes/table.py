"""Every training recipe, in the order in which they are used; each goes on with the adapter of the one before."""

from training.recipes.dpo import DPO
from training.recipes.grpo import GRPO
from training.recipes.kto import KTO
from training.recipes.recipe import Recipe
from training.recipes.rejection import REJECTION
from training.recipes.sft import SFT

RECIPES: tuple[Recipe, ...] = (REJECTION, SFT, DPO, KTO, GRPO)
