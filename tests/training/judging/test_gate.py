import dataclasses
import math
from typing import Any

import pytest

from training.judging.gate import LearnedFrom, Thresholds, Verdict, judge
from training.judging.metrics import Margins, Metrics, Passed, Preference

THRESHOLDS = Thresholds(
    max_liked_loss_ratio=1.05,
    max_preservation_loss_ratio=1.15,
    max_degenerate_rate=0.1,
    min_vote_evidence=1.0,
    min_knowledge_kept=0.95,
    min_probes_kept=0.9,
    max_repetition_rise=0.1,
    max_length_drift=3.0,
    min_probes=0,
    min_heldout=0,
)


UNTAUGHT = LearnedFrom(rows=60)


def figures(
    liked: float | None = 2.0, preservation: float = 1.0, degenerate: int = 0, answers: int = 40, **more: Any
) -> Metrics:
    return Metrics(liked_loss=liked, preservation_loss=preservation, answers=answers, degenerate=degenerate, **more)


def figures_with(name: str, value: Any) -> Metrics:
    return dataclasses.replace(figures(), **{name: value})


def right(count: int, asked: int = 80) -> Passed:
    return Passed(frozenset(map(str, range(count))), asked)


def against_active(candidate: Metrics, active: Metrics, learned: LearnedFrom = UNTAUGHT) -> Verdict:
    return judge(candidate, active, figures(), THRESHOLDS, learned)


@pytest.mark.parametrize(
    ("candidate", "refused_for"),
    [
        (figures(), []),
        (figures(liked=2.1), []),
        (figures(liked=2.11), ["liked"]),
        (figures(liked=1.0), []),
        (figures(liked=math.nan), ["liked"]),
        (figures(preservation=1.15), []),
        (figures(preservation=1.16), ["ordinary"]),
        (figures(preservation=math.inf), ["ordinary"]),
        (figures(degenerate=4), []),
        (figures(degenerate=5), ["degenerate"]),
        (figures(liked=9.0, preservation=9.0, degenerate=40), ["liked", "ordinary", "degenerate"]),
    ],
)
def test_a_candidate_is_refused_for_each_figure_beyond_its_threshold(candidate, refused_for):
    verdict = judge(candidate, figures(), figures(preservation=5.0), THRESHOLDS, UNTAUGHT)
    assert verdict.accepted == (not refused_for)
    assert len(verdict.refusals) == len(refused_for)
    assert all(word in sentence for word, sentence in zip(refused_for, verdict.refusals, strict=True))


def test_every_criterion_gives_its_reason_even_where_nothing_was_measured():
    nothing = figures(liked=None, answers=0)
    verdict = judge(nothing, nothing, nothing, THRESHOLDS, UNTAUGHT)
    assert verdict.accepted
    assert len(verdict.reasons) == 15
    assert len(verdict.unmeasured) == 11
    assert not set(verdict.unmeasured) & {"ordinary questions", "repetition within answers", "evidence"}


def test_that_the_active_version_wrote_the_liked_replies_itself_gives_it_no_advantage():
    assert judge(figures(liked=2.0), figures(liked=0.5), figures(liked=2.0), THRESHOLDS, UNTAUGHT).accepted


def test_without_an_active_version_the_base_model_is_the_rival():
    base = figures(liked=3.0, preservation=2.0)
    assert judge(figures(liked=3.1, preservation=2.2), None, base, THRESHOLDS, UNTAUGHT).accepted
    assert not judge(figures(liked=3.2), None, base, THRESHOLDS, UNTAUGHT).accepted


def test_knowledge_cannot_leak_away_a_little_per_version():
    base, active = figures(preservation=1.0), figures(preservation=1.1)
    assert not judge(figures(preservation=1.2), active, base, THRESHOLDS, UNTAUGHT).accepted


@pytest.mark.parametrize(
    ("candidate", "accepted"),
    [
        (60, True),
        (55, True),  # 95 % of 60 is 57; the answers differ in 5 places, so one standard error is 2.2
        (53, False),
    ],
)
def test_knowledge_may_be_lost_by_a_twentieth_and_one_standard_error(candidate, accepted):
    verdict = against_active(figures(knowledge=right(candidate)), figures(knowledge=right(60)))
    assert verdict.accepted == accepted
    assert any(f"knowledge: {candidate} of 80 right, its best rival 60" in reason for reason in verdict.reasons)


@pytest.mark.parametrize(
    ("shown", "accepted"),
    [
        ({}, False),
        ({"votes": Preference(0.9, 4, 40)}, False),
        ({"votes": Preference(0.9, 10, 10)}, True),
        ({"comparisons": right(0, 8)}, False),
        ({"comparisons": right(3, 8)}, True),
        ({"comparisons": right(4, 4)}, False),
    ],
    ids=["nothing", "too few votes", "votes", "comparisons as before", "comparisons", "too few comparisons"],
)
def test_what_votes_taught_may_cost_no_knowledge_unless_something_shows_that_it_is_liked_better(shown, accepted):
    before = figures(knowledge=right(60), votes=Preference(0.6, 10, 10), comparisons=right(0, 8))
    candidate = figures(knowledge=right(55), **shown)
    assert judge(candidate, before, before, THRESHOLDS, LearnedFrom(rows=60, votes=True)).accepted == accepted
    assert judge(candidate, before, before, THRESHOLDS, UNTAUGHT).accepted


@pytest.mark.parametrize(("asked", "accepted"), [(4, True), (5, False)])
def test_a_handful_of_comparisons_refuses_nobody(asked, accepted):
    candidate, active = figures(comparisons=right(0, asked)), figures(comparisons=right(asked, asked))
    assert judge(candidate, active, active, THRESHOLDS, UNTAUGHT).accepted == accepted


@pytest.mark.parametrize("figure", ["knowledge", "refusals", "comparisons"])
def test_what_the_base_model_can_do_a_weak_active_version_does_not_excuse(figure):
    candidate, weak, able = (figures_with(figure, right(count)) for count in (20, 18, 70))
    assert judge(candidate, weak, able, THRESHOLDS, UNTAUGHT).refusals
    assert judge(candidate, weak, weak, THRESHOLDS, UNTAUGHT).accepted


@pytest.mark.parametrize("figure", ["instructions", "claims", "truths"])
def test_what_the_character_costs_is_judged_once_when_it_first_speaks(figure):
    candidate, speaking, able = (figures_with(figure, right(count)) for count in (20, 18, 70))
    assert judge(candidate, speaking, able, THRESHOLDS, UNTAUGHT).accepted
    assert judge(candidate, None, able, THRESHOLDS, UNTAUGHT).refusals


def test_a_candidate_taught_by_votes_must_tell_unseen_likes_from_dislikes_better_than_chance():
    chance, clear = Preference(0.55, 20, 20), Preference(0.75, 20, 20)
    base = figures(votes=Preference(0.5, 20, 20))
    taught = LearnedFrom(rows=60, votes=True)
    [refusal] = judge(figures(votes=chance), None, base, THRESHOLDS, taught).refusals
    assert "it prefers the liked reply in 55% of the pairs of 20 liked and 20 disliked ones" in refusal
    assert judge(figures(votes=clear), None, base, THRESHOLDS, taught).accepted
    assert judge(figures(votes=chance), None, base, THRESHOLDS, UNTAUGHT).accepted, "seed pairs owe nothing to votes"


def test_a_candidate_that_forgot_what_members_like_is_refused():
    active, candidate = figures(votes=Preference(0.9, 20, 20)), figures(votes=Preference(0.7, 20, 20))
    assert against_active(candidate, active, LearnedFrom(rows=60, votes=True)).refusals


def test_a_handful_of_votes_decides_nothing():
    verdict = against_active(
        figures(votes=Preference(0.0, 4, 40)), figures(votes=Preference(1.0, 4, 40)), LearnedFrom(rows=60, votes=True)
    )
    assert verdict.accepted
    assert "fewer than 5 likes or dislikes" in verdict.reasons[1]


@pytest.mark.parametrize(
    ("words", "learned", "accepted"),
    [
        (12.0, (), True),
        (3.0, (), False),
        (40.0, (), False),
        (3.0, (8.0,), True),  # short answers are what it was taught
        (1.0, (8.0,), False),
    ],
)
def test_answers_may_grow_as_short_or_long_as_taught_and_drift_no_further(words, learned, accepted):
    verdict = against_active(figures(words=words), figures(words=12.0), LearnedFrom(words=learned, rows=60))
    assert verdict.accepted == accepted


@pytest.mark.parametrize("figure", ["repetition", "sameness"])
def test_a_candidate_that_repeats_itself_more_is_refused(figure):
    rival, little, more = (figures_with(figure, share) for share in (0.05, 0.14, 0.16))
    assert against_active(little, rival).accepted
    assert against_active(more, rival).refusals


@pytest.mark.parametrize(
    ("margin", "accepted"),
    [
        (1.0, True),
        (0.9, True),  # 90 % of what the active version gained over the base model
        (0.7, False),
        (-1.0, False),
    ],
)
def test_what_the_active_version_gained_in_character_must_be_kept(margin, accepted):
    style = {name: Margins({str(n): value for n in range(20)}) for name, value in {"new": margin, "old": 1.0}.items()}
    base = figures(style=Margins({str(n): 0.0 for n in range(20)}))
    verdict = judge(figures(style=style["new"]), figures(style=style["old"]), base, THRESHOLDS, UNTAUGHT)
    assert verdict.accepted == accepted


def test_a_first_version_may_not_be_further_from_its_character_than_the_base_model():
    base = figures(style=Margins({str(n): -1.0 for n in range(20)}))
    assert judge(figures(style=Margins({str(n): -0.5 for n in range(20)})), None, base, THRESHOLDS, UNTAUGHT).accepted
    assert judge(figures(style=Margins({str(n): -1.5 for n in range(20)})), None, base, THRESHOLDS, UNTAUGHT).refusals


TRUSTING = dataclasses.replace(THRESHOLDS, min_probes=20, min_heldout=10)
MADE_ELSEWHERE = LearnedFrom()
NEUTRAL, IN_CHARACTER = (Margins({str(n): level + n % 3 / 10 for n in range(20)}) for level in (0.0, 0.5))


@pytest.mark.parametrize(
    ("candidate", "needs"),
    [
        (figures(knowledge=right(20, asked=20), answers=10), None),
        (figures(knowledge=right(19, asked=19), answers=10), "20 knowledge probes"),
        (figures(knowledge=None, answers=10), "20 knowledge probes"),
        (figures(knowledge=right(20, asked=20), answers=9), "10 prompts in the persona's heldout.jsonl"),
    ],
)
def test_a_version_about_which_too_little_was_measured_is_not_trusted_and_says_what_it_needs(candidate, needs):
    verdict = judge(candidate, None, candidate, TRUSTING, LearnedFrom(rows=60))
    assert verdict.accepted == (needs is None)
    assert needs is None or (len(verdict.refusals) == 1 and needs in verdict.refusals[0])


@pytest.mark.parametrize(
    ("shown", "accepted"),
    [
        ({}, False),
        ({"style": NEUTRAL}, False),
        ({"style": IN_CHARACTER}, True),
        ({"votes": Preference(0.9, 10, 10)}, True),
        ({"votes": Preference(0.55, 10, 10)}, False),
    ],
)
def test_an_adapter_made_elsewhere_must_be_seen_to_gain_in_character(shown: dict[str, Any], accepted: bool):
    known: dict[str, Any] = {"knowledge": right(60), "answers": 40}
    candidate, base = figures(**known, **shown), figures(**known, style=NEUTRAL)
    base = dataclasses.replace(base, votes=Preference(0.5, 10, 10)) if "votes" in shown else base
    verdict = judge(candidate, None, base, TRUSTING, MADE_ELSEWHERE)
    assert verdict.accepted == accepted, verdict.refusals
    assert judge(candidate, None, base, TRUSTING, LearnedFrom(rows=60)).accepted, "what was trained here needs no proof"
