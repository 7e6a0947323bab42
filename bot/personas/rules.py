"""The rules that a persona's replies keep: what may not occur, how long they get, how they end.

Pure text. Choosing tokens so that the rules hold is the engine's work (`bot/engine/ruled_text.py`).
"""

import re
import string
from dataclasses import dataclass
from functools import cached_property

from bot.personas.letter_folding import compose, fold

SHORTEST_LIMIT = 10  # characters: with fewer, most words have no room
WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")
SENTENCE_MARKS = ".!?…。！？"
SENTENCE_BREAK = re.compile(rf"[{SENTENCE_MARKS}\n]+")


class BadRules(ValueError):
    """Rules that no reply could keep; says which and what to change."""


@dataclass(frozen=True)
class Rules:
    """What every reply of a persona keeps, to the letter. A limit of 0 is off, as is an empty tuple.

    Forbidden characters are found through case, accents, width, ligatures and look-alikes; one that is itself accented
    is forbidden in that form alone. Forbidden words are whole words or phrases, found in the same way. A reply ends
    with one of `endings`, exactly as written.
    """

    forbidden_characters: tuple[str, ...] = ()
    forbidden_words: tuple[str, ...] = ()
    max_words: int = 0
    max_sentences: int = 0
    max_characters: int = 0
    endings: tuple[str, ...] = ()

    @property
    def shapes_the_end(self) -> bool:
        """Whether a reply's last words depend on these rules, so that they cannot be shown before the end is known."""
        return bool(self.endings or self.max_words or self.max_sentences or self.max_characters)

    def check(self) -> None:
        """Raises BadRules when no reply, or hardly any, could keep them."""
        _check_forbidden(self)
        _check_limits(self)
        for ending in self.endings:
            _check_ending(self, ending)

    def permit(self, text: str) -> bool:
        """Whether nothing forbidden occurs. What permits a text permits all that it begins with, cut between words."""
        return not (self._plain.search(fold(text)) or (self._accented and self._accented.search(compose(text))))

    def leave_room_for(self, text: str) -> bool:
        """Whether the text is within all limits."""
        return (
            (not self.max_characters or len(text) <= self.max_characters)
            and (not self.max_words or count_words(text) <= self.max_words)
            and (not self.max_sentences or count_sentences(text) <= self.max_sentences)
        )

    def end(self, text: str) -> bool:
        """Whether the text ends as it must."""
        return not self.endings or text.endswith(self.endings)

    def accept(self, text: str) -> bool:
        """Whether the text may be a whole reply."""
        return self.permit(text) and self.leave_room_for(text) and self.end(text)

    @cached_property
    def _plain(self) -> re.Pattern[str]:
        characters = [re.escape(fold(c)) for c in self.forbidden_characters if _is_plain(c)]
        return re.compile("|".join([*characters, *map(_word_pattern, self.forbidden_words)]) or r"(?!)")

    @cached_property
    def _accented(self) -> re.Pattern[str] | None:
        accented = [re.escape(compose(c)) for c in self.forbidden_characters if not _is_plain(c)]
        return re.compile("|".join(accented)) if accented else None


def count_words(text: str) -> int:
    """The larger of two common counts: what white space parts, and runs of letters and digits."""
    return max(len(text.split()), sum(1 for _ in WORD.finditer(text)))


def count_sentences(text: str) -> int:
    """Pieces with a letter or digit between marks and line breaks: "3.14" counts as two, never too few."""
    return sum(1 for piece in SENTENCE_BREAK.split(text) if WORD.search(piece))


def _is_plain(character: str) -> bool:
    """Whether folding changes no more than its case."""
    return fold(character) == character.lower()


def _word_pattern(words: str) -> str:
    """Matches the folded words between boundaries, with any white space between them."""
    spaced = r"\s+".join(map(re.escape, fold(words).split()))
    return rf"(?<![^\W_]){spaced}(?![^\W_])"


def _check_forbidden(rules: Rules) -> None:
    for character in rules.forbidden_characters:
        if len(compose(character)) != 1 or not character.isprintable() or character.isspace():
            raise BadRules(
                f"forbid_characters has {character!r}: give single visible characters; longer things are forbid_words"
            )
    for words in rules.forbidden_words:
        if not WORD.search(fold(words)):
            raise BadRules(
                f"forbid_words has {words!r}: give words with letters or digits; marks are forbid_characters"
            )
    if not any(rules.permit(letter) for letter in string.ascii_lowercase):
        raise BadRules("forbid_characters and forbid_words leave no letter from a to z to write with: allow some")


def _check_limits(rules: Rules) -> None:
    limits = {"max_words": rules.max_words, "max_sentences": rules.max_sentences}
    for key, limit in {**limits, "max_characters": rules.max_characters}.items():
        if limit < 0:
            raise BadRules(f"{key} = {limit}: must be at least 1; leave it out for no limit")
    if 0 < rules.max_characters < SHORTEST_LIMIT:
        raise BadRules(f"max_characters = {rules.max_characters}: must be at least {SHORTEST_LIMIT}")


def _check_ending(rules: Rules, ending: str) -> None:
    if not ending.strip() or ending != ending.rstrip():
        raise BadRules(f"end_with has {ending!r}: must not be empty or end with a space")
    if not rules.permit(ending):
        raise BadRules(f"end_with has {ending!r}, which forbid_characters or forbid_words forbid: change one of them")
    if not rules.leave_room_for(ending):
        raise BadRules(f"end_with has {ending!r}, longer than max_words, max_sentences or max_characters allow")
