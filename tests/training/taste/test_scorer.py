import random
import re

import numpy as np
import pytest

from training.taste.scorer import JudgedAnswer, learn_taste

OPENINGS = ["Arr, the sea be wide", "Aye, gold be heavy", "The moon be high", "Rum be fine", "A ship needs wind"]
MIDDLES = [" and the crew be merry", ", as any old sailor knows", " when the parrot sings at dawn", ""]
ENDS = ["!", ".", " 🦜", "?", " What say ye?", "!!", " matey.", " 😄", " Do ye agree?"]
TASTES = {
    "ends with a question": lambda text: text.endswith("?"),
    "has fewer than 12 words": lambda text: len(text.split()) < 12,
    "uses an emoji": lambda text: bool(re.search("[🦜😄]", text)),
    "says gold": lambda text: "gold" in text,
    "is not shouted": lambda text: "!" not in text,
}


def answers(count, seed):
    """Varied answers, with hidden states that say nothing."""
    dice, noise = random.Random(seed), np.random.default_rng(seed)
    texts = ["".join(map(dice.choice, (OPENINGS, MIDDLES, MIDDLES, ENDS))) for _ in range(count)]
    return texts, list(noise.normal(size=(count, 32)))


def judged(texts, states, likes):
    return [JudgedAnswer(text, state, like) for text, state, like in zip(texts, states, likes, strict=True)]


@pytest.mark.parametrize("taste", TASTES.values(), ids=TASTES)
def test_a_taste_of_form_is_found_in_votes_a_fifth_of_which_are_trolls(taste):
    texts, states = answers(150, seed=1)
    dice = random.Random(2)
    scorer = learn_taste(judged(texts, states, [taste(text) != (dice.random() < 0.2) for text in texts]))
    assert scorer.tells_apart
    others, their_states = answers(200, seed=3)
    best = sorted(zip(scorer.score(others, their_states), others, strict=True), reverse=True)[:20]
    assert sum(taste(text) for _, text in best) >= 18


def test_a_taste_of_content_is_found_in_the_hidden_states():
    texts, states = answers(200, seed=4)
    likes = [state[:8].sum() > 0 for state in states]
    scorer = learn_taste(judged(texts, states, likes))
    assert scorer.tells_apart


def test_random_votes_are_seldom_taken_for_a_taste():
    taken = 0
    for seed in range(20):
        texts, states = answers(100, seed)
        dice = random.Random(seed)
        taken += learn_taste(judged(texts, states, [dice.random() < 0.5 for _ in texts])).tells_apart
    assert taken <= 4


def test_the_same_votes_give_the_same_scores_in_any_language():
    texts, states = ["よい！", "", "nö", "\n", "🙂" * 50, "نعم"] * 4, [np.zeros(3)] * 24
    votes = judged(texts, states, [index % 6 < 3 for index in range(24)])
    first, again = (learn_taste(votes).score(["", "😀", "ok"], [np.zeros(3)] * 3) for _ in range(2))
    assert first == again
    assert all(0.0 < score < 1.0 for score in first)
