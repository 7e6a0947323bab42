import math

import pytest

from training.gate import Figures, Thresholds, judge

THRESHOLDS = Thresholds(max_liked_loss_ratio=1.05, max_preservation_loss_ratio=1.15, max_degenerate_rate=0.1)


def figures(liked: float | None = 2.0, preservation: float = 1.0, degenerate: int = 0, answers: int = 40) -> Figures:
    return Figures(liked_loss=liked, preservation_loss=preservation, answers=answers, degenerate=degenerate)


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
    verdict = judge(candidate, figures(), figures(liked=5.0, preservation=5.0), THRESHOLDS)
    assert verdict.accepted == (not refused_for)
    assert len(verdict.reasons) == 3
    assert len(verdict.refusals) == len(refused_for)
    assert all(word in sentence for word, sentence in zip(refused_for, verdict.refusals, strict=True))


def test_without_an_active_version_the_base_model_is_the_rival():
    base = figures(liked=3.0, preservation=2.0)
    assert judge(figures(liked=3.1, preservation=2.2), None, base, THRESHOLDS).accepted
    assert not judge(figures(liked=3.2), None, base, THRESHOLDS).accepted


def test_without_held_out_likes_their_loss_is_not_judged_and_the_verdict_says_so():
    verdict = judge(figures(liked=None), figures(liked=None), figures(liked=None), THRESHOLDS)
    assert verdict.accepted
    assert "not measured" in verdict.reasons[0]


def test_without_held_out_prompts_degenerate_answers_are_not_judged_and_the_verdict_says_so():
    verdict = judge(figures(answers=0), None, figures(answers=0), THRESHOLDS)
    assert verdict.accepted
    assert "not measured" in verdict.reasons[2]


def test_knowledge_cannot_leak_away_a_little_per_version():
    base, active = figures(preservation=1.0), figures(preservation=1.1)
    assert not judge(figures(preservation=1.2), active, base, THRESHOLDS).accepted
