"""What counts as saying something, through any persona's manner of speaking."""

import pytest

from training.judging.answer_matching import agrees, denies, says, sentences_in, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Arr, it be SEVEN!", ["arr", "it", "be", "7"]),
        ("twenty-four", ["24"]),
        ("ninety nine", ["99"]),
        ("nine nine", ["9", "9"]),
        ("twenty ten", ["20", "10"]),
        ("a hundred", ["a", "100"]),
        ("São Paulo isn’t H₂O", ["sao", "paulo", "isnt", "h2o"]),
        ("twenty", ["20"]),
        ("", []),
        ("🏴‍☠️ …", []),
    ],
)
def test_words_are_compared_without_case_accents_and_spelling_of_numbers(text, words):
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Arr, the capital o' France be Paris, matey!", True),
        ("PARIS.", True),
        ("It is a comparison.", False),  # a part of a word
        ("It is not Paris but London.", False),
        ("Not London, but Paris.", True),
        ("Surely not Paris. Oh, it is Paris!", True),
        ("", False),
    ],
)
def test_a_phrase_is_said_as_whole_words_that_are_not_negated(text, said):
    assert says(text, ["Paris"]) is said


def test_one_of_several_phrases_is_enough_and_may_have_several_words():
    assert says("They breathe in carbon   dioxide.", ["CO2", "carbon dioxide"])
    assert not says("carbon and dioxide", ["CO2", "carbon dioxide"])
    assert not says("anything", [])


@pytest.mark.parametrize(
    ("text", "agreeing", "denying"),
    [
        ("Aye, that be true, matey.", True, False),
        ("Nay, a week be 7 days!", False, True),
        ("Arr, ye be wrong there.", False, True),
        ("Not quite right.", False, True),
        ("Yes, no doubt.", True, False),
        ("The moon is a long way from here, yes.", False, False),
        ("", False, False),
    ],
)
def test_what_comes_first_tells_whether_an_answer_agrees(text, agreeing, denying):
    assert (agrees(text), denies(text)) == (agreeing, denying)


@pytest.mark.parametrize(
    ("text", "count"), [("One.", 1), ("One. Two!", 2), ("Version 2.5 is out", 1), ("Really?! Yes", 2), ("…", 0)]
)
def test_sentences_are_counted_with_an_unfinished_last_one(text, count):
    assert sentences_in(text) == count
