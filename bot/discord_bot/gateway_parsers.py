"""Keeps the line to Discord when discord.py cannot read one of its events: the event is lost, not the connection."""

import logging
import traceback
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

log = logging.getLogger(__name__)

Parser = Callable[[Any], Any]
_REMEMBERED = 256  # interactions
_NEEDED = frozenset({"READY"})  # without it there is no session that could go on


def forgiving(parsers: Mapping[str, Parser]) -> dict[str, Parser]:
    """The parsers by event; those of single events report what they cannot read and go on."""
    parsers = {**parsers, "INTERACTION_CREATE": _once(parsers["INTERACTION_CREATE"])}
    return {event: parser if event in _NEEDED else _forgiving(event, parser) for event, parser in parsers.items()}


def _forgiving(event: str, parser: Parser) -> Parser:
    def parse(data: Any) -> None:
        try:
            parser(data)
        except Exception as error:  # noqa: BLE001 (whatever an event holds, it must not end the connection)
            # No traceback: the error's own words may be a member's.
            place = traceback.extract_tb(error.__traceback__)[-1]
            log.error(
                "an event of Discord's could not be read and is lost: %s (%s in %s)",
                event,
                type(error).__name__,
                place.name,
            )

    return parse


def _once(parser: Parser) -> Parser:
    """After a reconnect Discord may tell an event twice; a command or a press is acted on once."""
    told: deque[str] = deque(maxlen=_REMEMBERED)

    def parse(data: Any) -> None:
        if data["id"] not in told:
            told.append(data["id"])
            parser(data)

    return parse
