"""Reads WhatsApp's chat exports, from Android and iOS, in the date formats of many countries.

Only the shape of a line is looked at (a date, a time, a name): which number is the month makes no difference.
"""

import re
from collections.abc import Iterator, Sequence

from training.importing.chat import Said, read_chat
from training.importing.found import Found, Skipped, shown
from training.importing.reading import SourceText
from training.importing.request import ImportRequest

GENERATED = "\u200e"  # what the app itself wrote, on iOS, begins with this mark
_MARKS = dict.fromkeys(map(ord, "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"))
_SPACES = {0xA0: " ", 0x202F: " ", 0x2009: " "}
_DATE = r"\d{1,4}(?:[./-]|年|년| ){1,3}\d{1,2}(?:[./-]|月|월| ){1,3}\d{1,4}[.日일]?"
_TIME = r"[^\d\n\[\]]{1,14}\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?: ?[^\W\d_][^\d\[\]:\n-]{0,12}?)?"
_ANDROID = re.compile(rf"{_DATE}{_TIME} [-–] (?P<rest>.*)", re.DOTALL)
_IOS = re.compile(rf"\[{_DATE}{_TIME}\] (?P<rest>.*)", re.DOTALL)
_KOREAN = re.compile(rf"{_DATE} (?:오전|오후) \d{{1,2}}:\d{{2}}, (?P<rest>.*)", re.DOTALL)
_NAMED = re.compile(r"(?P<name>[^:\n]{1,80}?) ?: (?P<text>.*)|(?P<silent>[^:\n]{1,80}?):", re.DOTALL)
_PLACEHOLDER = re.compile(r"<[^<>\n]{3,60}>|[^\n]{1,120}\.\w{2,5} (?:\([^()\n]{3,40}\)|•[^\n]{0,40})")
_EDITED = re.compile(r"(?<!\s)\s*+(?:\u200e<[^<>\n]{3,60}>|<This message was edited>)$")
_DELETED = frozenset(
    text.casefold()
    for text in (
        "null", "This message was deleted", "You deleted this message", "Diese Nachricht wurde gelöscht",
        "Du hast diese Nachricht gelöscht", "Se eliminó este mensaje", "Este mensaje fue eliminado",
        "Eliminaste este mensaje",
        "Mensagem apagada", "Esta mensagem foi apagada", "Essa mensagem foi apagada", "Você apagou esta mensagem",
        "Apagou esta mensagem", "Ce message a été supprimé", "Vous avez supprimé ce message",
        "Questo messaggio è stato eliminato", "Hai eliminato questo messaggio", "Dit bericht is verwijderd",
        "Je hebt dit bericht verwijderd", "U hebt dit bericht verwijderd", "Данное сообщение удалено",
        "Вы удалили данное сообщение", "Bu mesaj silindi", "Bu mesajı sildiniz", "Ta wiadomość została usunięta",
        "Usunięto tę wiadomość", "このメッセージは削除されました", "このメッセージを削除しました",
        "삭제된 메시지입니다", "此消息已删除",
        "تم حذف هذه الرسالة", "यह संदेश मिटा दिया गया", "Pesan ini dihapus", "Questo messaggio è stato cancellato",
        "Missed voice call", "Missed video call", "Verpasster Sprachanruf", "Verpasster Videoanruf",
    )
)  # fmt: skip


def is_whatsapp(source: SourceText) -> bool:
    """Whether a message begins in at least two of the first lines, or in the only one."""
    lines = [line for line in source.lines[:60] if line.strip()]
    found = sum(_message(line) is not None for line in lines)
    return found >= 2 or (found == 1 and len(lines) <= 3)


def read_whatsapp(sources: Sequence[SourceText], request: ImportRequest) -> Iterator[Found | Skipped]:
    [source] = sources
    return read_chat(_said(source.lines), request, "chat")


def _said(lines: Sequence[str]) -> Iterator[Said | Skipped]:
    begins, texts = 0, list[str]()
    for number, line in enumerate(lines, 1):
        rest = _message(line)
        if rest is None:
            if begins:
                texts.append(line)
            elif line.strip():
                yield Skipped(number, "belongs to no message")
            continue
        if begins:
            yield _one(begins, "\n".join(texts))
        begins, texts = number, [rest]
    if begins:
        yield _one(begins, "\n".join(texts))


def _message(line: str) -> str | None:
    """What stands behind date and time; None for a line that begins no message."""
    head = line[:80].translate(_MARKS).translate(_SPACES)
    if not (head[:1] == "[" or head[:1].isdecimal()):
        return None
    for pattern in (_IOS, _ANDROID, _KOREAN):
        if match := pattern.match(head):
            cut = len(head) - len(match["rest"])
            return _behind(line, cut)
    return None


def _behind(line: str, characters: int) -> str:
    """The line without its first `characters`, not counting invisible marks."""
    place = seen = 0
    while seen < characters:
        seen += ord(line[place]) not in _MARKS
        place += 1
    return line[place:]


def _one(line: int, rest: str) -> Said | Skipped:
    rest = rest.translate(_SPACES).strip()
    match = _NAMED.match(rest)
    if match is None:
        return Skipped(line, f"is a system message ({shown(rest.translate(_MARKS))})")
    if match["text"] is None:
        return Skipped(line, "has no text in it")
    name, text = match["name"].translate(_MARKS).lstrip("~ ").strip(), _EDITED.sub("", match["text"]).strip()
    bare = text.translate(_MARKS).strip()
    if not bare or not name:
        return Skipped(line, "has no text in it")
    if bare.rstrip(".").casefold() in _DELETED:
        return Skipped(line, "was deleted")
    if text.startswith(GENERATED) or _PLACEHOLDER.fullmatch(bare):
        return Skipped(line, f"is media or a notice of the app ({shown(bare)})")
    return Said(line, name, bare)
