"""Owns reading scripts, "NAME: line": as running text in chunks, or as exchanges in which one speaker answers.

A line of no speaker continues the one before. Stage directions are left out of exchanges. A heading ends a scene: what
is said after it answers nothing before it.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.errors import DatasetError
from bot.personas.catalog import Pair
from bot.prompt import Message, merge
from training.importing.found import Found, Skipped
from training.importing.reading import SourceText

CHUNK_CHARACTERS = 800  # about 200 tokens
TURNS_BEFORE = 6  # what is said before an exchange, at most

_SPEECH = re.compile(
    r"\s*[*_]{0,2}(?P<name>[^\W\d_][\w .'’&#-]{0,39}?) ?(?:\([^)]*\))? ?[*_]{0,2} ?[:\uff1a](?!//)[*_]{0,2}"
    r"\s*(?P<line>.*)"
)
_HEADING = re.compile(
    r"\s*(?:#+\s|[-*_=]{3,}\s*$|(?:INT|EXT|INT/EXT)[. ]|(?:ACT|SCENE|EPISODE|CHAPTER|PART)\b|FADE |CUT TO|THE END\b)",
    re.IGNORECASE,
)
_DIRECTION = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")


@dataclass
class Speech:
    """What one speaker says at a time. `scene` counts up at every heading."""

    line: int
    scene: int
    name: str
    text: str


def looks_like_script(source: SourceText) -> bool:
    """Whether at least a third of the lines with text belong to speakers who speak more than once."""
    lines = [line for line in source.lines if line.strip()]
    names = Counter(name.casefold() for name in map(_speaker, lines) if name)
    return 3 * sum(count for count in names.values() if count > 1) >= len(lines)


def read_chunks(source: SourceText) -> Iterator[Found | Skipped]:
    """The script as it stands, in pieces of whole lines."""
    piece: list[str] = []
    begins = 1
    for number, line in enumerate(source.lines, 1):
        if piece and sum(len(earlier) + 1 for earlier in piece) + len(line) > CHUNK_CHARACTERS:
            yield Found(begins, "\n".join(piece).strip())
            piece = []
        if not piece:
            begins = number
        if piece or line.strip():
            piece.append(line.rstrip())
    if any(piece):
        yield Found(begins, "\n".join(piece).strip())


def read_exchanges(source: SourceText, speaker: str) -> Iterator[Found | Skipped]:
    """Every turn of `speaker` as the answer to what others say before it. Raises DatasetError for an unknown one."""
    speeches, strays = _speeches(source.lines)
    turns = Counter(speech.name for speech in speeches)
    known = {name.casefold(): name for name in turns}
    name = known.get(speaker.strip().casefold())
    if name is None:
        listed = ", ".join(f"{other} ({count} lines)" for other, count in turns.most_common(10))
        raise DatasetError(
            f"--speaker {speaker!r} says nothing in this script; it has {listed}."
            if turns
            else 'No line of the script begins with a speaker, as in "ANNA: Good morning."'
        )
    yield from strays
    yield from _exchanges(speeches, name)


def speakers(source: SourceText) -> list[tuple[str, int]]:
    """Who speaks, and how many lines, the most first."""
    return Counter(speech.name for speech in _speeches(source.lines)[0]).most_common()


def _exchanges(speeches: Sequence[Speech], name: str) -> Iterator[Found | Skipped]:
    before: list[Message] = []
    scene = 0
    for speech in speeches:
        if speech.scene != scene:
            before, scene = [], speech.scene
        said = _spoken(speech.text)
        if not said:
            continue
        if speech.name != name:
            before = merge([*before, Message("user", said)])
            continue
        follows = bool(before) and before[-1].role == "assistant"
        if not before:
            yield Skipped(speech.line, f"opens a scene, so {name} answers nobody")
        elif follows:
            yield Skipped(speech.line, f"{name} goes on speaking, so this is not an answer of its own")
        else:
            history = before[:-1][-TURNS_BEFORE:]
            yield Found(speech.line, Pair(before[-1].content, said, tuple(merge(history))))
        if before:
            before = merge([*before, Message("assistant", said)])


def _speeches(lines: Sequence[str]) -> tuple[list[Speech], list[Skipped]]:
    """All speeches in order, and the lines that belong to nobody."""
    names = Counter(name.casefold() for name in map(_speaker, lines) if name)
    speeches: list[Speech] = []
    strays: list[Skipped] = []
    scene, open_speech = 1, False
    for number, line in enumerate(lines, 1):
        match = _SPEECH.fullmatch(line)
        name = _speaker(line)
        if not line.strip():
            open_speech = False
        elif _HEADING.match(line):
            scene, open_speech = scene + 1, False
        elif match and name and _is_name(name, names):
            speeches.append(Speech(number, scene, name, match["line"]))
            open_speech = True
        elif open_speech:
            speeches[-1].text += f"\n{line.strip()}"
        elif _spoken(line):
            strays.append(Skipped(number, "belongs to no speaker"))
    return _joined(speeches), strays


def _joined(speeches: Sequence[Speech]) -> list[Speech]:
    """Neighbouring speeches of one speaker in a scene are one turn; a name is spelled as it first was."""
    spelled: dict[str, str] = {}
    joined: list[Speech] = []
    for speech in speeches:
        speech.name = spelled.setdefault(speech.name.casefold(), speech.name)
        if joined and (joined[-1].name, joined[-1].scene) == (speech.name, speech.scene):
            joined[-1].text += f"\n{speech.text}"
        else:
            joined.append(speech)
    return joined


def _speaker(line: str) -> str | None:
    match = _SPEECH.fullmatch(line)
    if match is None or _HEADING.match(line) or len(match["name"].split()) > 4:
        return None
    return match["name"].strip()


def _is_name(name: str, names: Counter[str]) -> bool:
    """Written like a name, or found before a colon more than once: “the truth is: …” is no speaker."""
    return names[name.casefold()] > 1 or all(not word[0].islower() for word in name.split())


def _spoken(text: str) -> str:
    """A speech without stage directions, in one line per line that has words."""
    lines = (" ".join(_DIRECTION.sub(" ", line).split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)
