import pytest

from bot.discord_bot.access import Access, Operators
from bot.errors import NotAllowed

MEMBER, SERVER, CHANNEL, THREAD = 1, 2, 3, 4


@pytest.mark.parametrize(
    ("access", "allowed"),
    [
        (Access(), True),
        (Access(blocked_members=frozenset({MEMBER})), False),
        (Access(allowed_members=frozenset({9})), False),
        (Access(allowed_members=frozenset({MEMBER}), blocked_members=frozenset({MEMBER})), False),
        (Access(allowed_servers=frozenset({SERVER})), True),
        (Access(allowed_servers=frozenset({9})), False),
        (Access(blocked_servers=frozenset({SERVER})), False),
        (Access(allowed_channels=frozenset({CHANNEL})), True),
        (Access(allowed_channels=frozenset({9})), False),
        (Access(blocked_channels=frozenset({CHANNEL})), False),
        (Access(blocked_channels=frozenset({9})), True),
        (Access(direct_messages=False), True),
    ],
)
def test_lists_decide_where_and_whom_a_thread_counts_as_its_channel_too(access, allowed):
    assert access.allows(MEMBER, SERVER, {THREAD, CHANNEL}) is allowed


def test_direct_messages_know_no_server_and_no_channel_lists():
    strict = Access(allowed_servers=frozenset({9}), allowed_channels=frozenset({9}))
    assert strict.allows(MEMBER, None, {CHANNEL})
    with pytest.raises(NotAllowed, match="don't answer direct messages"):
        Access(direct_messages=False).check(MEMBER, None, {CHANNEL})


def test_operators_are_people_or_roles():
    operators = Operators(members=frozenset({1}), roles=frozenset({7}))
    assert operators.include(1, [])
    assert operators.include(2, [6, 7])
    assert not operators.include(2, [6])
