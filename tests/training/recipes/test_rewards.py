import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.personas.rules import Rules
from training.recipes.rewards import Aim, curriculum_at, fluency, forbidden_share, length_share, reward

NO_E = Rules(forbidden_characters=("e",))
AIM = Aim(NO_E, words=12)


@pytest.mark.parametrize(
    ("text", "share"),
    [("A big dog runs", 0.0), ("The dog", 0.5), ("Thé dog", 0.5), ("", 0.0), ("see me there", 1.0)],
)
def test_the_forbidden_share_counts_words(text, share):
    assert forbidden_share(NO_E, text) == share


def test_a_forbidden_phrase_counts_though_no_single_word_is_forbidden():
    assert forbidden_share(Rules(forbidden_words=("good dog",)), "a good dog") == pytest.approx(1 / 3)


def test_saying_one_word_again_and_again_is_not_long():
    assert length_share("sun " * 12, 12) == pytest.approx(1 / 12)
    assert length_share("A warm sun is up now and all of us sing along", 12) == 1.0


def test_the_curriculum_ramps_penalty_and_length_up_to_what_is_asked_for_without_one():
    start, middle, end = (curriculum_at(AIM, at, curriculum=True) for at in (0.0, 0.5, 1.0))
    assert start.penalty < middle.penalty < end.penalty
    assert start.words < middle.words < end.words
    assert end == curriculum_at(AIM, 0.0, curriculum=False)


def test_early_a_short_answer_is_good_enough_and_late_it_is_not():
    early, late = (curriculum_at(AIM, at, curriculum=True) for at in (0.0, 1.0))
    assert reward(AIM, early, "Blu sng at dawn") == 1.0
    assert reward(AIM, late, "Blu sng at dawn") < 0.5


def test_a_long_clean_answer_beats_one_word_and_a_long_broken_answer():
    last = curriculum_at(AIM, 1.0, curriculum=True)
    clean = reward(AIM, last, "A calm wind is moving all of our tiny boats far out today")
    broken = reward(AIM, last, "The weather here makes even brave sailors feel extremely sleepy before breakfast time")
    assert clean > max(broken, reward(AIM, last, "Blu"))


def test_limits_and_endings_count_too():
    aim = Aim(Rules(max_words=3, endings=("?",)), words=3)
    last = curriculum_at(aim, 1.0, curriculum=True)
    assert reward(aim, last, "is it so?") > reward(aim, last, "is it so") > reward(aim, last, "is it so or not")


@given(st.text(), st.floats(0.0, 1.0))
def test_every_text_has_a_bounded_reward(text, progress):
    assert -2.0 <= reward(AIM, curriculum_at(AIM, progress, curriculum=True), text) <= 1.0


def test_fluency_falls_from_one_to_nothing():
    assert fluency([0.0, -3.0, -60.0]) == [1.0, 0.5, 0.0]
