"""Reads IRC logs as irssi, WeeChat, mIRC, HexChat, ZNC, Textual, Konversation, The Lounge and eggdrop write them."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from training.importing.chat import Said, read_chat
from training.importing.found import Found, Skipped, shown
from training.importing.reading import SourceText
from training.importing.request import ImportRequest

_FORMATTING = re.compile(r"\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04[0-9a-fA-F]{0,6}|[\x02\x0f\x11\x16\x1d\x1e\x1f]")
_NICK = r"[A-Za-z0-9_\-\[\]{}\\|`^]{1,40}"
_STAMP = r"(?:[\[(]?[^<>*\t\n]{0,45}?\d{1,2}[:.]\d{2}[^<>*\t\n]{0,12}?[\])]?\s{1,3})?"
_SPEECH = re.compile(rf"{_STAMP}<[ @+%&~!]{{0,2}}(?P<nick>{_NICK})>[ \t]{{1,3}}(?P<text>.*)")
_ACTION = re.compile(rf"{_STAMP}\*[ \t]{{1,3}}(?P<nick>{_NICK})[ \t](?P<text>.*)")
_TABS = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\t(?P<nick>[^\t\n]{0,60})\t(?P<text>.*)")
_HAPPENING = re.compile(
    r"\(?(?:has (?:joined|left|quit|parted|set|changed|been)|have joined|is now known as|sets? mode|gives "
    r"|removes |changes "
    r"|was kicked|kicked |quit\b|joined #|left #|sets the (?:topic|mode))"
)
_SERVER = re.compile(rf"{_STAMP}(?:-!-|\*{{1,3}}[ \t]|--[->]|<--)|-{{3}} (?:Log|Day)|\*{{4}} (?:BEGIN|ENDING)|Session ")


def is_irc(source: SourceText) -> bool:
    """Whether somebody speaks, and at least half of the first lines are speech or what a server tells."""
    lines = [_FORMATTING.sub("", line) for line in source.lines[:200] if line.strip()]
    spoken = sum(_speech(line) is not None for line in lines)
    told = sum(_SERVER.match(line) is not None for line in lines)
    return spoken > 0 and 2 * (spoken + told) >= len(lines)


def read_irc(sources: Sequence[SourceText], request: ImportRequest) -> Iterator[Found | Skipped]:
    [source] = sources
    return read_chat(_said(source.lines), request, "log")


def _said(lines: Sequence[str]) -> Iterator[Said | Skipped]:
    bare = [_FORMATTING.sub("", line) for line in lines]
    speeches = [_speech(line) for line in bare]
    nicks = Counter(speech[0].casefold() for speech in speeches if speech)
    for number, (line, speech) in enumerate(zip(bare, speeches, strict=True), 1):
        action = _ACTION.fullmatch(line) if speech is None else None
        if speech is not None:
            yield Said(number, *speech) if speech[1] else Skipped(number, "has no text in it")
        elif action and action["nick"].casefold() in nicks and not _HAPPENING.match(action["text"]):
            yield Said(number, action["nick"], f"*{action['text'].strip()}*")
        elif line.strip():
            yield Skipped(number, f"is no message ({shown(line)})")


def _speech(line: str) -> tuple[str, str] | None:
    """Who says what; None for joins, topics and the like."""
    if match := _SPEECH.fullmatch(line):
        return match["nick"], match["text"].strip()
    if match := _TABS.fullmatch(line):
        nick = match["nick"].strip().lstrip("@+%&~!")
        if nick == "*" and len(said := match["text"].split(" ", 1)) == 2:
            return said[0], f"*{said[1].strip()}*"
        if re.fullmatch(_NICK, nick) and nick.strip("-"):
            return nick, match["text"].strip()
    return None
