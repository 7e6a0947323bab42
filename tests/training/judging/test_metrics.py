"""From losses and answers to figures."""

from typing import Any

import pytest

from training.dataset.answer_quality import Flaw
from training.judging.measuring import Answer
from training.judging.metrics import (
    STYLE,
    VOTES,
    likelier,
    margins,
    median_words,
    metrics_of,
    passed,
    preference,
    repetition,
    sameness,
)
from training.judging.probes import Probe, Topic


def answer(text: str, topic: Topic | None = None, **checks: Any) -> Answer:
    return Answer(text, text, 3, None if text else Flaw.EMPTY, Probe(topic, text, **checks) if topic else None)


def test_a_version_prefers_what_it_finds_likelier_than_the_base_model_does():
    base = {VOTES[0]: [2.0, 3.0], VOTES[1]: [1.0, 4.0]}
    learned = {VOTES[0]: [1.0, 2.0], VOTES[1]: [1.5, 4.5]}
    assert preference(learned, base).share == 1.0
    assert preference(base, base).share == 0.5
    assert preference({VOTES[0]: [3.0, 4.0], VOTES[1]: [0.5, 3.5]}, base).share == 0.0


def test_one_sided_votes_say_nothing_of_preference():
    assert preference({VOTES[0]: [1.0], VOTES[1]: []}, {VOTES[0]: [1.0], VOTES[1]: []}) is None


def test_the_error_of_a_preference_shrinks_with_its_votes():
    few, many = ({VOTES[0]: [1.0] * n, VOTES[1]: [1.0] * n} for n in (5, 500))
    assert preference(few, few).error == pytest.approx(0.19, abs=0.01)
    assert preference(many, many).error < 0.02


def test_of_a_pair_the_likelier_answer_is_named_by_its_prompt():
    result = likelier({STYLE[0]: [1.0, 3.0], STYLE[1]: [2.0, 2.0]}, STYLE, {STYLE[0]: ["one", "two"]})
    assert (result.right, result.asked) == ({"one"}, 2)
    assert likelier({}, STYLE, {}) is None


def test_style_is_by_how_much_the_answer_in_character_is_likelier():
    result = margins({STYLE[0]: [1.0, 3.0], STYLE[1]: [2.0, 2.5]}, STYLE, {STYLE[0]: ["one", "two"]})
    assert result.by_prompt == {"one": 1.0, "two": -0.5}
    assert result.mean == 0.25
    assert margins({}, STYLE, {}) is None


def test_probes_are_counted_by_topic():
    answers = [
        answer("Paris", Topic.KNOWLEDGE, accept=("Paris",)),
        answer("London", Topic.KNOWLEDGE, accept=("Paris",)),
        answer("free"),
    ]
    assert passed(answers, Topic.KNOWLEDGE).right == {"Paris"}
    assert passed(answers, Topic.KNOWLEDGE).asked == 2
    assert passed(answers, Topic.CLAIM) is None


def test_probes_do_not_count_as_free_answers():
    losses = {"liked": [1.0, 2.0], "preservation": [3.0]}
    result = metrics_of(losses, losses, [answer("a b c"), answer(""), answer("x", Topic.CLAIM)], {})
    assert (result.answers, result.degenerate, result.words) == (2, 1, 1.5)
    assert (result.liked_loss, result.preservation_loss) == (1.5, 3.0)
    assert result.votes is None


def test_repetition_within_and_between_answers():
    assert repetition("one two three four five") == 0.0
    assert repetition("aye aye aye aye aye aye") == pytest.approx(0.75)
    assert sameness(["Yes.", "yes!", "No.", "Maybe."]) == 0.25
    assert sameness([]) == 0.0
    assert median_words([]) is None
