"""Owns how a file's bytes become text: its encoding and its line ends. Knows no format."""

import codecs
from dataclasses import dataclass
from pathlib import Path

from bot.errors import DatasetError

LARGEST = 200 * 1024 * 1024
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class SourceText:
    """A file's text with `\\n` for every line end, and the encoding it was read in."""

    text: str
    encoding: str

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")


def read_source(path: Path) -> SourceText:
    """Raises DatasetError for a file that is absent, empty, huge or not text."""
    try:
        if path.stat().st_size > LARGEST:
            raise DatasetError(f"{path} is larger than {LARGEST >> 20} MiB: split it.")
        content = path.read_bytes()
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror}.") from None
    text, encoding = decode(content)
    if text is None:
        raise DatasetError(f"{path} is not text: save it as UTF-8 text, CSV or JSONL.")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise DatasetError(f"{path} is empty: there is nothing to import.")
    return SourceText(text, encoding)


def decode(content: bytes) -> tuple[str | None, str]:
    """The text and its encoding: by its mark, else UTF-8, else UTF-16 without a mark, else Windows' western one."""
    for encoding in _candidates(content):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, encoding
    return None, ""


def _candidates(content: bytes) -> list[str]:
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return [encoding]
    if b"\0" in content:
        # Western text in UTF-16 has a zero in every second byte: in the odd ones, the low byte comes first.
        return ["utf-16-le", "utf-16-be"] if content[1::2].count(0) >= content[::2].count(0) else ["utf-16-be"]
    return ["utf-8", "cp1252", "latin-1"]
