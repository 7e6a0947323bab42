"""New accounts together bring little, however many they are, and turn nobody unreliable."""

import pytest

from bot.personas.catalog import Persona
from bot.store import RatedReply, StoredCorrection, StoredReply
from tests.training.conftest import reply_record
from training.dataset.newcomers import DISCORD_EPOCH, account_made, allowance, newcomers
from training.dataset.rows import Dataset
from training.dataset.selection import Examples, SelectionRules, build_dataset
from training.dataset.sources import CollectedFeedback, Source

DAY = 86_400.0
START = 1_800_000_000.0
NOW = START + 100 * DAY
PARROT = Persona(name="parrot", display_name="Parrot", description="A bird.", system_prompt="You are a parrot.")
RULES = SelectionRules(
    min_likes=1,
    min_voters=1,
    max_voter_share=0.5,
    feedback_rows=1000,
    seed_pairs=50,
    seed_share=0.0,
    preservation_share=0.0,
    correction_weight=4,
    heldout_share=0.0,
    max_tokens=400,
    max_length_drift=10.0,
)


def account(number: int, made: float = START - 1000 * DAY) -> int:
    """An id as Discord gives it to an account that was made at `made`."""
    return (int((made - DISCORD_EPOCH) * 1000) << 22) + number


HONEST = [account(number) for number in range(5)]


def socks(count: int) -> list[int]:
    return [account(100 + number, NOW - 2 * DAY) for number in range(count)]


def replies(asker: int = HONEST[0], likes=frozenset(HONEST[1:]), dislikes=frozenset()) -> tuple[RatedReply, ...]:
    """One a day, up to now, each liked by the honest."""
    return tuple(
        RatedReply(
            day,
            reply_record(
                f"Squawk {day}, of dish {day * 7}.",
                asked=f"What of dish {day} and {day * 13}?",
                asker_id=asker,
                created_at=START + day * DAY,
                messages=reply_record(asked=f"What of dish {day} and {day * 13}?").messages[:1]
                + tuple(type(m)(m.role, m.content, asker) for m in reply_record(asked=f"Dish {day}?").messages[1:]),
            ),
            (),
            frozenset(likes),
            frozenset(dislikes),
        )
        for day in range(1, 101)
    )


def correction(reply: RatedReply, author: int, number: int) -> StoredCorrection:
    text = f"Better word {number} of author {author % 997}, dish {reply.id * 3 + number}."
    return StoredCorrection(number, StoredReply(reply.id, reply.record, ()), author, text)


def build(renderer, rated, corrections=(), consenting=()) -> Dataset:
    feedback = CollectedFeedback(frozenset([*HONEST, *consenting]), tuple(rated), tuple(corrections))
    return build_dataset(PARROT, feedback, Examples(), (), RULES, renderer)


@pytest.mark.parametrize("count", [5, 20, 100])
def test_new_accounts_that_only_correct_reach_a_tenth_at_most_beside_five_honest_members(renderer, count):
    rated = replies()
    honest = [correction(rated[-1 - n], HONEST[n % 5], n) for n in range(20)]
    theirs = [correction(rated[n % 100], sock, 1000 + n) for sock in socks(count) for n in range(10)]
    dataset = build(renderer, rated, honest + theirs, socks(count))
    assert dataset.newcomers == count
    assert dataset.newcomer_share <= 0.1
    assert dataset.kept[Source.CORRECTION] >= 18, "the honest members' own are learned"


def test_without_their_age_they_would_have_reached_most_of_it(renderer):
    """What the cap is worth: the same corrections by accounts that are as old as everybody's."""
    rated = replies()
    others = [account(100 + number) for number in range(20)]
    theirs = [correction(rated[n], author, 1000 + n) for author in others for n in range(10)]
    told = [RatedReply(r.id, r.record, (), r.likes | frozenset(others), r.dislikes) for r in rated[:1]]
    dataset = build(renderer, [*told, *rated[1:]], theirs, others)
    weights = sum(row.weight for row in dataset.rows if row.source is Source.CORRECTION)
    assert weights / sum(row.weight for row in dataset.rows) > 0.6


def test_new_accounts_that_dislike_everything_turn_nobody_unreliable(renderer):
    honest = build(renderer, replies())
    attacked = build(renderer, replies(dislikes=frozenset(socks(20))), consenting=socks(20))
    assert attacked.unreliable <= 20
    assert attacked.kept[Source.LIKED] == honest.kept[Source.LIKED]


def test_a_member_who_came_late_is_new_however_old_the_account():
    late = account(7)
    rated = replies()
    feedback = CollectedFeedback(
        frozenset([*HONEST, late]), (*rated[:-1], RatedReply(100, rated[-1].record, (), frozenset({late}), frozenset()))
    )
    assert newcomers(feedback) == {late}


def test_on_a_first_evening_nobody_is_late():
    early = [
        RatedReply(
            n, reply_record(created_at=START + n * 60, asker_id=HONEST[0]), (), frozenset({HONEST[n]}), frozenset()
        )
        for n in range(5)
    ]
    assert newcomers(CollectedFeedback(frozenset(HONEST), tuple(early))) == frozenset()


def test_where_everybody_is_new_nobody_is():
    fresh = socks(3)
    feedback = CollectedFeedback(frozenset(fresh), replies(asker=fresh[0], likes=frozenset(fresh)))
    assert newcomers(feedback) == frozenset()


def test_an_accounts_age_is_in_its_id():
    assert account_made(account(0, NOW)) == pytest.approx(NOW, abs=0.01)
    assert [allowance(count) for count in (0, 8, 9, 90)] == [0, 0, 1, 10]
