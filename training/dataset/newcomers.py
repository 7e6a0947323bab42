"""Who is new here: accounts and members that have not been around for long, whose say is kept small together.

Accounts are cheap: whoever makes twenty of them would otherwise outweigh five members. An account's age is in its id
(Discord's snowflakes); how long a member has been around is told by the oldest reply that they had a say in. Time ends
with the newest reply, so that the same feedback always gives the same answer.
"""

import datetime
from collections.abc import Iterator

from training.dataset.sources import CollectedFeedback, authors_of

DISCORD_EPOCH = 1_420_070_400.0  # unix seconds of 2015-01-01, from which snowflakes count milliseconds
YOUNG_ACCOUNT = datetime.timedelta(days=30)
FIRST_WEEKS = datetime.timedelta(weeks=3)
FIRST_OF_ALL = datetime.timedelta(weeks=1)
# Of what is learned from feedback, newcomers together bring at most this much, as long as anybody is established.
SHARE = 0.1
# What a newcomer's vote weighs beside an established member's.
WEIGHT = 0.1


def account_made(member_id: int) -> float:
    """When the account was made, in unix seconds."""
    return (member_id >> 22) / 1000 + DISCORD_EPOCH


def newcomers(feedback: CollectedFeedback) -> frozenset[int]:
    """Members whose accounts are young, or who came late; none where nobody else would be left to compare them with.

    Late is the last three weeks, or the second half where there is feedback of fewer than six; in the first week of all
    nobody is late.
    """
    seen = _first_seen(feedback)
    if not seen:
        return frozenset()
    moments = [reply.record.created_at for reply in feedback.replies] + list(seen.values())
    first, last = min(moments), max(moments)
    span = last - first
    came_late = min(FIRST_WEEKS.total_seconds(), span / 2) if span > FIRST_OF_ALL.total_seconds() else 0.0
    new = {
        member
        for member, since in seen.items()
        if last - since < came_late or last - account_made(member) < YOUNG_ACCOUNT.total_seconds()
    }
    return frozenset(new) if len(new) < len(seen) else frozenset()


def allowance(established: int) -> int:
    """How many candidates newcomers may bring beside those with an established member behind them."""
    return int(established * SHARE / (1 - SHARE))


def _first_seen(feedback: CollectedFeedback) -> dict[int, float]:
    """When each consenting member first had a say."""
    seen: dict[int, float] = {}
    for member, at in _said(feedback):
        if member in feedback.consenting:
            seen[member] = min(at, seen.get(member, at))
    return seen


def _said(feedback: CollectedFeedback) -> Iterator[tuple[int | None, float]]:
    for reply in feedback.replies:
        for member in (*reply.likes, *reply.dislikes, *authors_of(reply.record)):
            yield member, reply.record.created_at
    for correction in feedback.corrections:
        yield correction.author_id, correction.reply.record.created_at
    for comparison in feedback.comparisons:
        yield comparison.member_id, comparison.kept.record.created_at
