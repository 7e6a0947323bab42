import dataclasses

import pytest

from training.recipes.dpo import DPO
from training.recipes.kto import KTO, SURE_ENOUGH, balance, mixed, sure
from training.recipes.sft import SFT


def margins(likelihood, trained, pairs):
    chosen = likelihood(trained, [(pair.prompt_ids, pair.chosen_ids) for pair in pairs])
    rejected = likelihood(trained, [(pair.prompt_ids, pair.rejected_ids) for pair in pairs])
    return [better - worse for better, worse in zip(chosen, rejected, strict=True)]


@pytest.mark.parametrize("method", [DPO, KTO])
def test_what_members_want_becomes_likelier_than_with_examples_alone(teach, pairs, likelihood, method):
    examples_alone, with_feedback = teach(SFT), teach(SFT, method)
    before = margins(likelihood, examples_alone, pairs)
    after = margins(likelihood, with_feedback, pairs)
    assert all(later > earlier + 1.0 for earlier, later in zip(before, after, strict=True))


def test_preferences_gain_a_margin_and_no_more(teach, pairs, likelihood):
    before = margins(likelihood, teach(SFT), pairs)
    eager = {"preference_epochs": 40.0, "preference_learning_rate": 2e-3, "preference_margin": 4.0}
    after = margins(likelihood, teach(SFT, DPO, **eager), pairs)
    gained = [later - earlier for earlier, later in zip(before, after, strict=True)]
    assert gained == pytest.approx([4.0] * len(pairs), abs=1.0)


def test_all_stages_make_one_adapter_with_one_curve_and_one_count_of_steps(teach):
    seen = []
    trained = teach(SFT, DPO, KTO, on_step=lambda *step: seen.append(step))
    stages = [point.stage for point in trained.loss_curve]
    assert stages == ["sft"] * 12 + ["dpo"] * 9 + ["kto"] * 12
    assert [step for step, _, _ in seen] == list(range(1, 34))
    assert {steps for _, steps, _ in seen} == {33}
    assert trained.loss_curve[12].loss == pytest.approx(1.0, abs=1e-3), "it starts where the examples led"
    assert b".ref." not in trained.weights, "the reference is no part of the adapter"


def test_the_same_seed_gives_the_same_bytes_through_all_stages(teach):
    weights = [teach(SFT, DPO, KTO, epochs=1.0, preference_epochs=1.0).weights for _ in range(2)]
    assert weights[0] == weights[1]


def test_the_rarer_side_of_the_votes_counts_as_much_as_the_other(votes):
    likes = [vote for vote in votes if vote.liked]
    assert balance(votes) == (len(votes) / len(likes) - 1, 1.0)
    assert balance(likes * 4 + votes[1:2]) == (1.0, len(likes) * 4)


def test_every_neighbourhood_of_votes_has_both_sides(votes):
    placed = mixed(votes * 4, seed=3)
    assert sorted(map(repr, placed)) == sorted(map(repr, votes * 4)), "none is lost"
    assert all({vote.liked for vote in placed[start : start + 8]} == {True, False} for start in range(0, 52, 4))
    assert mixed(votes * 4, seed=3) == placed


def test_votes_that_members_disagree_about_are_left_out(votes):
    doubtful = [dataclasses.replace(vote, weight=SURE_ENOUGH - 0.1) for vote in votes]
    assert sure([*votes, *doubtful]) == votes
