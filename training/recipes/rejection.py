"""When rejection sampling is used: more examples for SFT, chosen by what votes taught. The sampling is in `taste`."""

from training.recipes.recipe import Enough, Recipe, Supply

# Of likes and of dislikes: with fewer, a scorer of answers learns them by heart.
FEWEST_TO_SCORE = 10


def _suits(supply: Supply, enough: Enough) -> bool:
    """Where votes are many, KTO learns from them directly."""
    return supply.to_score >= FEWEST_TO_SCORE and not supply.suffices_for_votes(enough)


REJECTION = Recipe("rejection", suits=_suits, missing=lambda supply: None if supply.to_score else supply.lacks_a_side())
