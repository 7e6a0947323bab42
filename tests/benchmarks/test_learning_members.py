"""Tastes and crowds do what they say; without that, `make learn` would prove nothing."""

import random

import pytest

from benchmarks.learning.members import Crowd
from benchmarks.learning.questions import questions
from benchmarks.learning.tastes import parse_taste

REPLY = "Arr, the sea be wide, matey! 🌊"


@pytest.mark.parametrize(
    ("written", "liked", "disliked"),
    [
        ("ends:?", "What say ye? ", "What? No."),
        ("contains:🦜", "Aye 🦜 matey", "Aye matey"),
        ("contains:Sea", "the sea", "the lake"),
        ("shorter:4", "one two three", "one two three four"),
        ("longer:3", "one two three four", "one two three"),
        (r"matches:^Arr\b", "Arr, aye", "Aye, arr"),
        ("not:ends:!", "Calm.", "Loud!"),
    ],
)
def test_a_taste_likes_what_it_says(written, liked, disliked):
    taste = parse_taste(written)
    assert taste.likes(liked)
    assert not taste.likes(disliked)
    assert not taste.likes("  ")


@pytest.mark.parametrize("written", ["ends:?", "contains:🦜", "shorter:5"])
def test_a_better_answer_is_to_the_members_taste(written):
    taste = parse_taste(written)
    assert taste.mend is not None
    assert taste.likes(taste.mend(REPLY))


@pytest.mark.parametrize(
    ("reply", "better"),
    [
        (
            "Dogs be loyal, matey! They guard the ship. They eat it, too, at night.",
            "Dogs be loyal, matey! They guard the ship.",
        ),
        ("Aye! The dog be a loyal friend to every sailor on the ship.", "Aye! The dog be a loyal friend to every."),
        ("The dog be a loyal friend, to every sailor on the ship.", "The dog be a loyal friend."),
    ],
    ids=["sentences that fit", "hardly anything", "clauses that fit"],
)
def test_a_shorter_answer_ends_where_a_sentence_does_if_it_can(reply, better):
    mend = parse_taste("shorter:10").mend
    assert mend is not None
    assert mend(reply) == better


@pytest.mark.parametrize("written", ["", "ends", "smells:good", "shorter:few", "matches:("])
def test_what_is_no_taste_is_refused_with_the_words(written):
    with pytest.raises(ValueError, match="is no taste"):
        parse_taste(written)


def test_trolls_vote_the_opposite_of_the_others():
    crowd = Crowd(parse_taste("ends:?"), size=10, trolls=0.2)
    votes = [opinion.up for opinion in crowd.opinions("Is it?", 10, random.Random(1))]
    assert (votes.count(True), votes.count(False)) == (8, 2)


def test_honest_members_who_dislike_write_a_better_answer_now_and_then():
    crowd = Crowd(parse_taste("ends:?"), size=10, trolls=0.2, corrections=1.0)
    better = [opinion.better for opinion in crowd.opinions(REPLY, 10, random.Random(1))]
    assert better.count(None) == 2
    assert all(text.endswith("?") for text in better if text is not None)


def test_without_a_taste_votes_say_nothing():
    crowd = Crowd(parse_taste("ends:?"), size=200, at_random=True, corrections=1.0)
    opinions = list(crowd.opinions("Is it?", 200, random.Random(1)))
    assert 60 < sum(opinion.up for opinion in opinions) < 140
    assert all(opinion.better is None for opinion in opinions)


def test_questions_are_all_different_and_the_same_for_a_seed():
    assert len(set(questions(1))) == len(questions(1)) >= 260
    assert questions(1) == questions(1) != questions(2)
