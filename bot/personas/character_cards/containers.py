"""Where a card lies in a file: text, a picture's chunk, or an archive; whatever a file unfolds to is bounded."""

import base64
import binascii
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import yaml  # type: ignore[import-untyped]

from bot.personas.character_cards.bad_card import BadCard

MOST_BYTES = 8 * 1024 * 1024
MOST_TEXT = 1024 * 1024
MOST_YAML = 128 * 1024  # its parser takes a second for so much

_PNG = b"\x89PNG\r\n\x1a\n"
_KEYWORDS = (b"ccv3", b"chara")  # the newer one first: a picture may carry both
_PICTURES = {b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF"}
_CARD_IN_ARCHIVE = "card.json"


def texts(data: bytes) -> list[bytes]:
    """The texts in a file that may be a card, the likeliest first. Raises BadCard for a file that cannot have one."""
    if len(data) > MOST_BYTES:
        raise BadCard("card-too-large", megabytes=MOST_BYTES // 1024 // 1024)
    if data.startswith(_PNG):
        if not (found := _in_png(data)):
            raise BadCard("card-not-in-picture")
        return found
    if zipfile.is_zipfile(io.BytesIO(data)):
        return [_in_archive(data)]
    if kind := _picture(data):
        raise BadCard("card-other-picture", kind=kind)
    return [data]


def parsed(text: bytes) -> Any:
    """The values in a card's text: JSON, or else YAML. Raises BadCard."""
    if len(text) > MOST_TEXT:
        raise BadCard("card-text-too-long", megabytes=MOST_TEXT // 1024 // 1024)
    try:
        decoded = text.decode(json.detect_encoding(text)).removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise BadCard("card-unreadable") from None
    try:
        return json.loads(decoded)
    except (ValueError, RecursionError):
        return _parsed_yaml(decoded)


def _parsed_yaml(text: str) -> Any:
    if len(text) > MOST_YAML or text.lstrip()[:1] in ("{", "["):
        raise BadCard("card-unreadable")
    try:
        values = yaml.load(text, _PlainYaml)  # noqa: S506 (it knows nothing but text, lists and mappings)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise BadCard("card-unreadable") from None
    if not isinstance(values, dict):  # any text is YAML
        raise BadCard("card-unreadable")
    return values


class _PlainYaml(yaml.BaseLoader):  # type: ignore[misc]
    """Every scalar is text; an alias, by which a small file becomes a huge one, is an error."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


def _picture(data: bytes) -> str:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        return "AVIF"
    return next((kind for magic, kind in _PICTURES.items() if data.startswith(magic)), "")


def _in_archive(data: bytes) -> bytes:
    """The card of a .charx file."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(_CARD_IN_ARCHIVE) as card:
            text = card.read(MOST_TEXT + 1)
    except (KeyError, ValueError, RuntimeError, NotImplementedError, OSError, EOFError, zipfile.BadZipFile, zlib.error):
        raise BadCard("card-not-in-archive") from None
    return text


def _in_png(data: bytes) -> list[bytes]:
    """What the chunks for cards hold: of each kind the last one first, because programs append."""
    chunks = list(_text_chunks(data))[::-1]
    return [_decoded(text) for wanted in _KEYWORDS for keyword, text in chunks if keyword == wanted]


def _text_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(keyword, text) of each text chunk; a file that ends too soon just ends."""
    position = len(_PNG)
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        if kind in _TEXT_OF:
            keyword, _, rest = data[position + 8 : position + 8 + length].partition(b"\0")
            yield keyword.strip().lower(), _TEXT_OF[kind](rest)
        position += 12 + length


def _plain(rest: bytes) -> bytes:
    return rest


def _compressed(rest: bytes) -> bytes:
    """After the keyword: one byte for the method, then the text."""
    return _unpacked(rest[1:])


def _international(rest: bytes) -> bytes:
    """After the keyword: whether it is compressed, the method, a language, a translated keyword, the text."""
    _, _, translated = rest[2:].partition(b"\0")
    _, _, text = translated.partition(b"\0")
    return _unpacked(text) if rest[:1] == b"\x01" else text


_TEXT_OF = {b"tEXt": _plain, b"zTXt": _compressed, b"iTXt": _international}


def _unpacked(data: bytes) -> bytes:
    """As far as it unpacks; one byte more than a text may have is enough to refuse it."""
    try:
        return zlib.decompressobj().decompress(data, MOST_TEXT * 4 // 3 + 4)
    except zlib.error:
        return b""


def _decoded(text: bytes) -> bytes:
    """Base64, as the formats say, or the card's text as it is."""
    letters = text.translate(bytes.maketrans(b"-_", b"+/"), delete=b" \t\r\n=")
    try:
        return base64.b64decode(letters + b"=" * (-len(letters) % 4), validate=True)
    except (binascii.Error, ValueError):
        return text
