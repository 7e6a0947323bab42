"""What members read, by message id: one Project Fluent catalogue a language, with `en.ftl` as the source.

The task knows who reads: the boundary calls `address` before a command, a press or a message is handled, and whatever
is said below it comes out in that language. Where nobody called it, everything is English.
"""

import functools
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fluent.runtime import FluentBundle, FluentResource

Argument = str | int | float
ENGLISH = "en"
CATALOGUES = Path(__file__).parent


@dataclass(frozen=True)
class Audience:
    """The language of the member who acted, and that of the channel; both as `language_of` names them."""

    member: str = ENGLISH
    channel: str = ENGLISH


class Say(Protocol):
    """`say` or `announce`."""

    def __call__(self, message_id: str, /, **arguments: Argument) -> str: ...


_NOBODY = Audience()
_audience: ContextVar[Audience] = ContextVar("audience", default=_NOBODY)


def address(audience: Audience) -> None:
    """Speak to this audience for the rest of the running task, and in the tasks it starts."""
    _audience.set(audience)


def say(message_id: str, /, **arguments: Argument) -> str:
    """A message that only the member who acted reads."""
    return render(message_id, _audience.get().member, arguments)


def announce(message_id: str, /, **arguments: Argument) -> str:
    """A message that everybody in the channel reads."""
    return render(message_id, _audience.get().channel, arguments)


def render(message_id: str, language: str, arguments: Mapping[str, Argument] | None = None) -> str:
    """The message `name`, or the attribute `name.attribute`, in a language; in English where that lacks it.

    Raises LookupError for an id or an argument that the English catalogue does not know.
    """
    said = _formatted(message_id, language, arguments or {})
    if said is None:
        said = _formatted(message_id, ENGLISH, arguments or {})
    if said is None:
        raise LookupError(f"en.ftl: no message {message_id!r} with the arguments {sorted(arguments or {})}")
    return said


def languages() -> list[str]:
    """The languages that have a catalogue."""
    return sorted(path.stem for path in CATALOGUES.glob("*.ftl"))


@functools.cache
def language_of(locale: str) -> str:
    """The catalogue for one of Discord's locales: `pt-BR` has its own, `es-419` reads `es`, others read English."""
    known = languages()
    return next((name for name in (locale, locale.split("-")[0]) if name in known), ENGLISH)


def _formatted(message_id: str, language: str, arguments: Mapping[str, Argument]) -> str | None:
    """None when the language lacks the message, or the message wants an argument that is not given."""
    bundle = _bundle(language)
    name, _, attribute = message_id.partition(".")
    if not bundle.has_message(name):
        return None
    message = bundle.get_message(name)
    pattern = message.attributes.get(attribute) if attribute else message.value
    if pattern is None:
        return None
    said, problems = bundle.format_pattern(pattern, dict(arguments))
    return None if problems else str(said)


@functools.cache
def _bundle(language: str) -> FluentBundle:
    # Discord shows the marks that would isolate an argument's writing direction as odd spaces in some clients.
    bundle = FluentBundle([language], use_isolating=False)
    bundle.add_resource(FluentResource((CATALOGUES / f"{language}.ftl").read_text(encoding="utf-8")))
    return bundle
