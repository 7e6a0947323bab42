import pytest

from bot.discord_bot.rate_limits import Limits, Rate, TooFast

ALICE, BOB, TAVERN, ELSEWHERE = 1, 2, 10, 20
NONE = Rate(per_minute=0.0, burst=1)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_burst_is_granted_and_then_as_many_as_the_rate_allows(clock):
    limits = Limits(Rate(per_minute=6.0, burst=2), NONE, clock)
    limits.take(ALICE, TAVERN)
    limits.take(ALICE, TAVERN)
    with pytest.raises(TooFast, match=r"^Please try again in 10 seconds\. You're writing faster than I can answer\.$"):
        limits.take(ALICE, TAVERN)
    limits.take(BOB, TAVERN)
    clock.now += 10.0
    limits.take(ALICE, TAVERN)
    with pytest.raises(TooFast):
        limits.take(ALICE, None)


def test_a_member_is_told_once_until_something_is_granted_again(clock):
    limits = Limits(Rate(per_minute=6.0, burst=1), NONE, clock)
    told = []
    for _ in range(2):
        limits.take(ALICE, TAVERN)
        for _ in range(3):
            with pytest.raises(TooFast) as refused:
                limits.take(ALICE, TAVERN)
            told.append(refused.value.first)
        clock.now += 10.0
    assert told == [True, False, False] * 2


def test_a_server_has_a_limit_of_its_own_and_direct_messages_have_none(clock):
    limits = Limits(NONE, Rate(per_minute=60.0, burst=1), clock)
    limits.take(ALICE, TAVERN)
    with pytest.raises(TooFast, match=r"This server is writing faster"):
        limits.take(BOB, TAVERN)
    limits.take(BOB, ELSEWHERE)
    limits.take(BOB, None)
    limits.take(BOB, None)


def test_a_refusal_by_the_server_costs_the_member_nothing(clock):
    limits = Limits(Rate(per_minute=1.0, burst=1), Rate(per_minute=60.0, burst=1), clock)
    limits.take(BOB, TAVERN)
    with pytest.raises(TooFast):
        limits.take(ALICE, TAVERN)
    limits.take(ALICE, ELSEWHERE)


def test_a_rate_of_zero_limits_nothing(clock):
    taken = 0
    for rates in ((NONE, NONE), (Rate(per_minute=6000.0, burst=100), NONE), (NONE, Rate(per_minute=6000.0, burst=100))):
        limits = Limits(*rates, clock)
        for _ in range(100):
            limits.take(ALICE, TAVERN)
            taken += 1
    assert taken == 300
