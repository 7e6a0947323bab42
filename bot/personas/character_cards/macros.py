"""The macros that card writers use, from {{char}} to {{roll:d6}}, written out once when a card is imported.

Specifications: github.com/malfoyslastname/character-card-spec-v2 and github.com/kwaroran/character-card-spec-v3.
"""

import random
import re
from collections.abc import Callable, Mapping

_MACRO = re.compile(r"\{\{([^{}]*)\}\}|<(bot|char|user|start)>", re.IGNORECASE)
_NESTED = 5  # macros in macros, at most
MOST_QUOTES = 10  # times that a card's macros repeat a whole field
_TRIM = "\x00"  # no text of a card holds one
MOST_DICE = 10_000  # that a card's macros roll
_DICE = re.compile(r"(\d{0,3})d(\d{1,5})(?:\s?([+-])\s?(\d{1,5}))?|(\d{1,5})", re.IGNORECASE)
_BRANCHES = re.compile(r"(?<!\\),")
# What changes from reply to reply cannot stand in a prompt that stays the same.
_OF_THE_MOMENT = {
    "time": "now",
    "isotime": "now",
    "date": "today",
    "isodate": "today",
    "weekday": "today",
    "datetimeformat": "now",
    "idle_duration": "a while",
    "input": "",
    "lastmessage": "",
    "lastusermessage": "",
    "lastcharmessage": "",
}
_NOTHING = frozenset({"", "noop", "original", "comment", "hidden_key", "start"})


class Macros:
    """Writes out what stands for the character, `user` for who talks to it, and what `fields` say.

    `unknown` collects the names of macros that nobody here knows; they are left out.
    """

    def __init__(self, character: str, fields: Mapping[str, str] | None = None) -> None:
        self._character = character
        self._fields = {key.lower(): value for key, value in (fields or {}).items()}
        self._quotes = MOST_QUOTES
        self._dice = MOST_DICE
        self._draws = random.Random(character)  # the same card makes the same persona
        self.unknown: dict[str, None] = {}

    def written_out(self, text: str, user: str) -> str:
        names = {"char": self._character, "bot": self._character, "user": user}
        names |= {"charifnotgroup": self._character, "group": self._character}

        def replaced(match: re.Match[str]) -> str:
            return self._value((match[1] or match[2] or "").strip(), names)

        for _ in range(_NESTED):
            text, count = _MACRO.subn(replaced, text)
            if not count:
                break
        first, *others = text.split(_TRIM)
        for other in others:
            first = first.rstrip("\n") + other.lstrip("\n")
        return first.strip()

    def _value(self, macro: str, names: Mapping[str, str]) -> str:
        name, given = _name_and_argument(macro)
        if name in names:
            return names[name]
        if name.endswith(("'s", "’s")) and name[:-2] in names:
            return f"{names[name[:-2]]}'s"
        if name in self._fields and self._quotes:
            self._quotes -= 1
            return _MACRO.sub("", self._fields[name])
        if name in _OF_THE_MOMENT:
            return _OF_THE_MOMENT[name]
        if name in _NOTHING or macro.startswith("//"):
            return ""
        if name == "roll":
            return self._rolled(given)
        if name in _DRAWN:
            return _DRAWN[name](given, self._draws)
        self.unknown[name[:40]] = None
        return ""

    def _rolled(self, given: str) -> str:
        dice = _DICE.fullmatch(given)
        if dice is None:
            return ""
        count, sides = int(dice[1] or 1), int(dice[2] or dice[5])
        if count > self._dice:
            return ""
        self._dice -= count
        rolled = sum(self._draws.randint(1, max(sides, 1)) for _ in range(count))
        return str(rolled + int(f"{dice[3]}{dice[4]}") if dice[3] else rolled)


def _name_and_argument(macro: str) -> tuple[str, str]:
    """`roll:d6` → `roll`, `d6`; also `roll d6`, as older cards have it."""
    name, colon, given = macro.partition(":")
    if not colon:
        name, _, given = macro.partition(" ")
    return name.strip().lower(), given.strip()


def _one_of(given: str, draws: random.Random) -> str:
    """`a,b` (with `\\,` for a comma) or `:a::b`."""
    choices = given.strip(":").split("::") if "::" in given or given.startswith(":") else _BRANCHES.split(given)
    return draws.choice(choices).replace("\\,", ",").strip()


_DRAWN: Mapping[str, Callable[[str, random.Random], str]] = {
    "random": _one_of,
    "pick": _one_of,
    "reverse": lambda given, _: given[::-1],
    "newline": lambda *_: "\n",
    "trim": lambda *_: _TRIM,
}
