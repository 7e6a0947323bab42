"""Whose votes are believed: a minority of trolls does not steer, and nobody confirms themselves."""

import random

import pytest

from training.dataset.voter_reliability import Ballot, Opinions, weigh


def votes(replies: int, members: int, each: int, trolls: int, seed: int, taste: float = 0.4) -> tuple[Opinions, int]:
    """The opinions, and how many of `replies` they judge wrongly; the first `trolls` members vote the opposite."""
    lots = random.Random(seed)
    good = [lots.random() < taste for _ in range(replies)]
    ballots = [
        Ballot(reply, voter, 1 if good[reply] != (voter < trolls) else -1)
        for reply in range(replies)
        for voter in lots.sample(range(members), each)
    ]
    opinions = weigh(ballots)
    return opinions, sum((opinions.approval[reply] > 0.5) != good[reply] for reply in range(replies))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("members", "each", "trolls"), [(5, 3, 1), (10, 3, 2), (10, 5, 3), (40, 5, 16)])
def test_a_minority_of_trolls_does_not_steer(members, each, trolls, seed):
    opinions, wrong = votes(150, members, each, trolls, seed)
    assert opinions.unreliable() == set(range(trolls))
    assert wrong <= 5


def test_without_trolls_everybody_is_believed():
    opinions, wrong = votes(60, 8, 3, 0, seed=1)
    assert opinions.unreliable() == set()
    assert wrong == 0


def test_who_likes_everything_tells_little_by_it():
    ballots = [Ballot(reply, voter, 1 if reply % 2 else -1) for reply in range(60) for voter in range(3)]
    opinions = weigh([*ballots, *(Ballot(reply, 9, 1) for reply in range(60))])
    assert opinions.weights[9] < 0.2
    assert all(opinions.weights[voter] > 2 for voter in range(3))


def test_members_who_like_nearly_everything_together_are_believed():
    opinions = weigh([Ballot(reply, voter, 1) for reply in range(40) for voter in range(3)])
    assert min(opinions.approval.values()) > 0.99


def test_voting_alone_makes_nobody_more_believed():
    opinions = weigh([Ballot(reply, 1, 1) for reply in range(500)])
    assert {round(approval, 3) for approval in opinions.approval.values()} == {0.75}


def test_who_contradicts_the_others_is_ignored_and_not_inverted():
    ballots = [Ballot(reply, voter, 1) for reply in range(40) for voter in range(4)]
    opinions = weigh([*ballots, *(Ballot(reply, 9, -1) for reply in range(41))])
    assert opinions.unreliable() == {9}
    assert opinions.approval[40] == 0.5


def test_no_votes_give_no_opinions():
    assert weigh([]) == Opinions({}, {})
