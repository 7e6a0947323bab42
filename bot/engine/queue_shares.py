"""How much of the waiting queue one channel and one server may hold, so that nobody fills it for all others."""

from collections.abc import Callable, Sequence

from bot.engine.request import GenerationRequest
from bot.errors import QueueFull, QueueShareFull

SMALLEST_SHARED = 8  # places; a shorter queue is first come, first served
MOST_OF_A_CHANNEL, MOST_OF_A_SERVER = 0.5, 0.75


def check_room(request: GenerationRequest, waiting: Sequence[GenerationRequest], places: int) -> None:
    """Raise QueueFull when no place is left, QueueShareFull when the request's channel or server holds its share.

    `waiting`: the requests before this one.
    """
    if len(waiting) >= places:
        raise QueueFull(len(waiting))
    if places < SMALLEST_SHARED:
        return
    _check_share("channel", lambda each: each.channel, MOST_OF_A_CHANNEL, request, waiting, places)
    _check_share("server", lambda each: each.server, MOST_OF_A_SERVER, request, waiting, places)


def _check_share(
    place: str,
    name_of: Callable[[GenerationRequest], str],
    share: float,
    request: GenerationRequest,
    waiting: Sequence[GenerationRequest],
    places: int,
) -> None:
    """A name of "" is nobody's."""
    name = name_of(request)
    held = sum(name_of(other) == name for other in waiting) if name else 0
    if held >= int(places * share):
        raise QueueShareFull(held, place)
