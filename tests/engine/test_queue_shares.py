"""Nobody fills the waiting queue for all others."""

import pytest

from bot.engine import GenerationRequest, SamplingParams
from bot.engine.queue_shares import check_room
from bot.errors import QueueFull, QueueShareFull


def request(channel: str, server: str = "") -> GenerationRequest:
    return GenerationRequest((1,), SamplingParams(), channel=channel, server=server)


def test_a_channel_holds_half_of_the_places_at_most() -> None:
    waiting = [request("busy", "one")] * 39
    check_room(request("busy", "one"), waiting, 80)
    with pytest.raises(QueueShareFull, match="This channel already has 40"):
        check_room(request("busy", "one"), [*waiting, request("busy", "one")], 80)
    check_room(request("quiet", "one"), [*waiting, request("busy", "one")], 80)


def test_a_server_holds_three_quarters_of_the_places_at_most() -> None:
    waiting = [request(f"channel {number % 6}", "big") for number in range(60)]
    with pytest.raises(QueueShareFull, match="This server already has 60"):
        check_room(request("another", "big"), waiting, 80)
    check_room(request("another", "small"), waiting, 80)


def test_requests_of_nobody_and_short_queues_are_taken_until_they_are_full() -> None:
    check_room(request(""), [request("")] * 79, 80)
    check_room(request("busy", "one"), [request("busy", "one")] * 3, 4)
    with pytest.raises(QueueFull, match="4 messages"):
        check_room(request("busy", "one"), [request("busy", "one")] * 4, 4)
