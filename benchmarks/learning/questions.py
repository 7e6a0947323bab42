"""What the simulated members ask: enough for all rounds, and some questions that nobody ever votes on."""

import random

_THINGS = """
dogs, cats, rain, the moon, coffee, tea, music, football, pizza, bread, the sea, mountains, trains,
bicycles, winter, summer, school, money, friendship, sleep, dreams, robots, computers, letters,
books, painting, chess, dancing, swimming, rivers, forests, lions, whales, sharks, birds, spiders,
honey, gold, castles, kings, knights, dragons, wizards, ghosts, space, the stars, comets, volcanoes,
deserts, islands, soup, gardens, bees, snow, thunder, lighthouses, maps, markets, bridges, clocks,
candles, holidays, apples, cheese, horses, owls, tigers, penguins, kites, stories"""
_FORMS = (
    "What do you think of {}?",
    "Tell me about {}.",
    "Why do people like {}?",
    "What is special about {}?",
    "Say something nice about {}.",
    "What would you tell a child about {}?",
)


def questions(seed: int) -> list[str]:
    """All of them, each once, shuffled."""
    things = " ".join(_THINGS.split()).split(", ")
    asked = [form.format(thing) for thing in things for form in _FORMS]
    random.Random(seed).shuffle(asked)
    return asked
