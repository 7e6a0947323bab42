"""Shares and limits of a dataset's parts: fair caps, repeats, length drift, near-duplicates."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.dataset.length_drift import too_long, usual_words
from training.dataset.mixing import MOST_REPEATS, evenly, needed, repeated
from training.dataset.near_duplicates import NearDuplicates
from training.dataset.voter_caps import FLOOR, Budgets, fair_cap

BROUGHT = st.lists(st.integers(min_value=1, max_value=500), max_size=12).map(
    lambda counts: Counter(dict(enumerate(counts)))
)


@pytest.mark.parametrize(
    ("brought", "cap"),
    [((100, 100), 100), ((1000, 20), 20), ((1000, 5, 5), 10), ((1000,), 10), ((), 10), ((30, 20, 9), 29)],
)
def test_a_flood_is_cut_to_what_all_others_bring_together(brought, cap):
    assert fair_cap(Counter(dict(enumerate(brought))), 0.5) == cap


@given(brought=BROUGHT, share=st.floats(min_value=0.1, max_value=1.0))
def test_nobody_brings_more_than_their_share(brought, share):
    cap = fair_cap(brought, share)
    left = sum(min(count, cap) for count in brought.values())
    assert cap == FLOOR or cap <= share * left


def test_a_reply_that_others_like_too_is_not_lost_to_the_flood():
    budgets = Budgets([{1}] * 100 + [{1, 2}] * 3, share=0.5)
    assert sum(budgets.admit({1}) for _ in range(100)) == FLOOR
    assert all(budgets.admit({1, 2}) for _ in range(3))
    assert not budgets.admit({1, 2}, needed=2)


@given(items=st.lists(st.integers(), max_size=60), count=st.integers(min_value=0, max_value=70))
def test_an_even_choice_keeps_order_and_size(items, count):
    numbered = list(enumerate(items))
    chosen = evenly(numbered, count)
    assert len(chosen) == min(count, len(items))
    assert chosen == sorted(set(chosen))


@given(size=st.integers(min_value=0, max_value=40), count=st.integers(min_value=0, max_value=300))
def test_repeats_come_to_the_count_as_far_as_they_may(size, count):
    mixed = repeated(range(size), count)
    assert sum(weight for _, weight in mixed) == min(count, MOST_REPEATS * size)
    weights = {weight for _, weight in mixed}
    assert not weights or max(weights) - min(weights) <= 1


@pytest.mark.parametrize(("others", "share", "count"), [(116, 0.34, 60), (75, 0.25, 25), (10, 0.0, 0)])
def test_a_share_is_of_the_whole_mixture(others, share, count):
    assert needed(others, share) == count


def test_long_answers_are_left_out_until_the_mean_is_near_the_usual():
    answers = ["word " * length for length in (10, 10, 12, 14, 30, 200)]
    assert too_long(answers, usual=10, drift=1.2) == {4, 5}
    assert too_long(answers[:3], usual=10, drift=1.2) == set()


def test_a_handful_of_answers_has_no_usual_length():
    assert usual_words(["Aye."] * 9) is None
    assert usual_words(["Aye, aye."] * 10) == 2.0


def test_a_text_with_a_word_changed_is_a_near_duplicate():
    words = [f"word{index}" for index in range(40)]
    known = NearDuplicates()
    assert known.add(" ".join(words))
    assert not known.add(" ".join([*words[:20], "another", *words[21:]]).upper() + "!")
    assert known.add(" ".join(words[::-1]))
    assert known.add("What of dogs? I like dogs.")
    assert known.add("What of cats? I like cats.")


@pytest.mark.parametrize("text", ["", "!!!", "犬が好き", "Arr"])
def test_texts_without_word_pairs_are_compared_too(text):
    known = NearDuplicates()
    assert known.add(text)
    assert not known.add(text)
