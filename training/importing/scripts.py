"""Reads scripts, "NAME: line": as running text in chunks, or as exchanges in which one speaker answers.

A line of no speaker continues the one before. Stage directions are left out of exchanges. A heading ends a scene: what
is said after it answers nothing before it.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from training.importing.chat import Said, chunks, read_chat
from training.importing.found import Found, Skipped
from training.importing.reading import SourceText
from training.importing.request import ImportRequest

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
    texts: list[str]


def looks_like_script(source: SourceText) -> bool:
    """Whether at least a third of the lines with text belong to speakers who speak more than once."""
    lines = [line for line in source.lines if line.strip()]
    names = Counter(name.casefold() for name in map(_speaker, lines) if name)
    return 3 * sum(count for count in names.values() if count > 1) >= len(lines)


def read_script(sources: Sequence[SourceText], request: ImportRequest) -> Iterator[Found | Skipped]:
    """Every turn of the speaker as the answer to what others say before it; or the script as it stands, in pieces."""
    [source] = sources
    if request.mode == "chunks":
        request.refuse_speaker("running text is everybody's")
        return chunks((number, line, None) for number, line in enumerate(source.lines, 1))
    return read_chat(_said(source.lines), request, "script")


def _said(lines: Sequence[str]) -> Iterator[Said | Skipped]:
    speeches, strays = _speeches(lines)
    yield from strays
    for speech in speeches:
        if said := _spoken("\n".join(speech.texts)):
            yield Said(speech.line, speech.name, said, scene=speech.scene)


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
            speeches.append(Speech(number, scene, name, [match["line"]]))
            open_speech = True
        elif open_speech:
            speeches[-1].texts.append(line.strip())
        elif _spoken(line):
            strays.append(Skipped(number, "belongs to no speaker"))
    return speeches, strays


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
