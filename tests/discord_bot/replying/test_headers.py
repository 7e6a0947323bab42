"""What of a message of ours are the persona's own words."""

import pytest

from bot.discord_bot.replying.headers import quoted, titled, words_of
from bot.personas.catalog import Persona

PIRATE = Persona(name="pirate", display_name="Captain Saltbeard", description="A pirate.", avatar="🏴‍☠️")


@pytest.mark.parametrize(
    "shown",
    [
        "Arr, **Paris** be in France.",
        f"{titled(PIRATE)}\nArr, **Paris** be in France.",
        f"{quoted('Is Paris in France?')}\n{titled(PIRATE)}\nArr, **Paris** be in France.",
        "-# I can't read cat.png: I only read text.\nArr, **Paris** be in France.",
        "Arr, **Paris** be in France.\n-# (stopped)",
    ],
)
def test_the_header_and_the_notes_are_taken_off(shown: str) -> None:
    assert words_of(shown) == "Arr, **Paris** be in France."


def test_a_quotation_of_the_personas_own_stays() -> None:
    assert words_of("> To be or not to be\nThat is a question, matey.").startswith("> To be")
