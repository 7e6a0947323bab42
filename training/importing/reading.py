"""How a file's bytes become text: its encoding and its line ends. Knows no format.

Without a mark, UTF-8 and UTF-16 tell themselves apart from all others. What is left is taken only where it reads like
text of western Europe; otherwise the operator says which encoding it is, and the refusal suggests one.
"""

import codecs
import json
import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from charset_normalizer import from_bytes

from bot.errors import DatasetError
from training.importing.found import shown

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WESTERN = "cp1252"
SUGGESTED, SAMPLE_BYTES, PREVIEW = 3, 20_000, 30
SURE = 0.3  # charset-normalizer's coherence, above which its language is no accident
# What texts of western Europe hold beside ASCII. Polish, Turkish or Baltic bytes show other signs here.
_WESTERN_SIGNS = frozenset(
    "äöüßéèêëàâçîïôùûœæñáíóúìòåøãõÿýÄÖÜÉÈÊËÀÂÇÎÏÔÙÛŒÆÑÁÍÓÚÌÒÅØÃÕ¿¡«»“”‘’‚„–—…€£§°·ªº•©®™´\xa0\xad²³½¼¾×"
)
_LONG_RUN = re.compile(r"[^\W\d_a-zA-Z]{3}")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1e\x7f-\x84\x86-\x9f\ufffd]")
# A letter of UTF-8's first byte and one of its second, both read as western ones: “Ã©”, “Ð¡”.
_TWICE = re.compile(r"[\xc2-\xf4ŒœŠšŸŽž][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")


@dataclass(frozen=True)
class SourceText:
    """A file's text with `\\n` for every line end, and the encoding it was read in. `name`: of the file."""

    text: str
    encoding: str
    name: str = ""

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    @cached_property
    def json(self) -> Any:
        """What the file holds as one JSON value; None when it is none."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            return None

    def line_at(self, place: int) -> int:
        """The number of the line that the character at `place` is in."""
        return bisect_right(self._ends, place - 1) + 1

    @cached_property
    def _ends(self) -> list[int]:
        return [match.start() for match in re.finditer("\n", self.text)]


def source_text(content: bytes, name: str, encoding: str | None = None) -> SourceText:
    """Raises DatasetError for what is no text, nonsense, or empty."""
    text, used = _as_told(content, name, encoding) if encoding else decoded(content, name)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise DatasetError(f"{name} is empty: there is nothing to import.")
    return SourceText(text, used, name)


def decoded(content: bytes, name: str) -> tuple[str, str]:
    """The text and its encoding. Raises DatasetError, with what to do, where that is not certain."""
    for encoding in _certain(content):
        text = _decoded(content, encoding)
        if text is not None and "\0" not in text:
            _refuse_twice_encoded(text, name)
            return text, encoding
    if b"\0" in content:
        raise DatasetError(f"{name} is not text: save it as UTF-8 text, CSV or JSONL.")
    text = _decoded(content, WESTERN)
    suggestions = _suggestions(content)
    if text is not None and _reads_western(text) and not _surely_another(suggestions, text):
        return text, WESTERN
    raise DatasetError(f"{name} is neither UTF-8 nor western text. {_advice(suggestions)}")


def _as_told(content: bytes, name: str, encoding: str) -> tuple[str, str]:
    try:
        text = content.decode(codecs.lookup(encoding).name)
    except UnicodeDecodeError as error:
        byte = content[error.start]
        raise DatasetError(
            f"{name} is not {shown(encoding)}: byte 0x{byte:02x} at {error.start} means nothing in it. "
            f"{_advice(_suggestions(content))}"
        ) from None
    except (LookupError, ValueError, UnicodeError):
        raise DatasetError(
            f"--encoding {shown(encoding)} is no encoding of text; utf-8, utf-16, cp1251 and shift_jis are."
        ) from None
    if _nonsense(text):
        raise DatasetError(f"{name} read as {shown(encoding)} is nonsense. {_advice(_suggestions(content))}")
    return text, codecs.lookup(encoding).name


def _certain(content: bytes) -> list[str]:
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return [encoding]
    if b"\0" in content:
        # ASCII in UTF-16 has a zero in every second byte: in the odd ones, the low byte comes first.
        return ["utf-16-le", "utf-16-be"] if content[1::2].count(0) >= content[::2].count(0) else ["utf-16-be"]
    return ["utf-8"]


def _decoded(content: bytes, encoding: str) -> str | None:
    try:
        text = content.decode(encoding)
    except (UnicodeError, LookupError):
        return None
    return None if encoding.startswith("utf-16-") and _nonsense(text) else text


def _nonsense(text: str) -> bool:
    """Whether it holds what texts do not: one control or unassigned character in a hundred, or one of C1 at all."""
    sample = text[:SAMPLE_BYTES]
    strange = sum(unicodedata.category(character) in ("Cn", "Co") for character in sample) + len(
        _CONTROLS.findall(sample)
    )
    return 100 * strange > len(sample) or re.search("[\x80-\x84\x86-\x9f]", text) is not None


def _reads_western(text: str) -> bool:
    foreign = [character for character in text if character > "\x7f"]
    return (
        not _nonsense(text)
        and _WESTERN_SIGNS.issuperset(foreign)
        and not _LONG_RUN.search(text)
        and 3 * len(foreign) <= sum(map(str.isascii, text))
    )


def _suggestions(content: bytes) -> list[tuple[str, str, float]]:
    """Encodings that the bytes may be in: each with the text and how sure its language is, the likeliest first."""
    found = []
    for match in list(from_bytes(content[:SAMPLE_BYTES]))[:SUGGESTED]:
        if (text := _decoded(content[:SAMPLE_BYTES], match.encoding)) is not None:
            found.append((match.encoding, text, match.coherence))
    return found


def _surely_another(suggestions: list[tuple[str, str, float]], western: str) -> bool:
    return bool(suggestions) and suggestions[0][2] >= SURE and not western.startswith(suggestions[0][1])


def _advice(suggestions: list[tuple[str, str, float]]) -> str:
    read = "; ".join(f"{encoding} would read “{_preview(text)}”" for encoding, text, _ in suggestions)
    return f"Say which it is, as --encoding cp1251, or save the file as UTF-8{f': {read}' if read else ''}."


def _preview(text: str) -> str:
    """From the first word that is not ASCII on: the rest reads alike in every encoding."""
    first = next((place for place, character in enumerate(text) if character > "\x7f"), 0)
    return shown(text[first : first + PREVIEW], PREVIEW)


def _refuse_twice_encoded(text: str, name: str) -> None:
    """Raises DatasetError for UTF-8 that was read as western text and saved again."""
    foreign = sum(character > "\x7f" for character in text)
    if foreign and 2 * len(_TWICE.findall(text)) >= 0.8 * foreign and _was_twice_encoded(text):
        raise DatasetError(
            f"{name} was UTF-8, read as western text and saved again (“{_preview(text)}”): export it as UTF-8 anew."
        )


def _was_twice_encoded(text: str) -> bool:
    lines = [line for line in text[:SAMPLE_BYTES].split("\n") if not line.isascii()]
    return any(_decodes(line, "cp1252") or _decodes(line, "latin-1") for line in lines)


def _decodes(line: str, encoding: str) -> bool:
    try:
        return len(line.encode(encoding).decode("utf-8")) < len(line)
    except UnicodeError:
        return False
