"""Character cards as Tavern, SillyTavern and their kin write them (V1, V2, V3; as JSON or inside a PNG).

Pure: bytes to a persona and back. Specifications: github.com/malfoyslastname/character-card-spec-v2 and
github.com/kwaroran/character-card-spec-v3. Cards come from strangers: any bytes give either a persona or a `BadCard`
with a sentence.
"""

import base64
import binascii
import itertools
import json
import re
import struct
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.errors import MemberError
from bot.personas.catalog import Persona, is_valid_name
from bot.personas.server_personas import BadPersona, persona_from
from bot.wording import announce

MOST_BYTES = 8 * 1024 * 1024
MOST_TEXT = 1024 * 1024
MOST_FIELD = 64 * 1024  # characters; far more than is used of any
PROMPT_LENGTH, GREETING_LENGTH, DESCRIPTION_LENGTH, DISPLAY_LENGTH = 4000, 300, 100, 32
EXAMPLES = 3  # exchanges of the card's example dialogue that go into the prompt

_PNG = b"\x89PNG\r\n\x1a\n"
_KEYWORDS = (b"ccv3", b"chara")  # the newer one first: a card may carry both
_MACRO = re.compile(r"\{\{\s*(char|user|original|bot)\s*\}\}|<(bot|user)>", re.IGNORECASE)
_COMMENT = re.compile(
    r"\{\{\s*//[^{}]*\}\}"
)  # looks no further than the next brace: text of nothing but {{// stays quick
_SENTENCE = re.compile(r".*?[.!?…](?=\s|$)", re.DOTALL)


class BadCard(MemberError):
    """The file is not a character card that can be used; the sentence says why."""


@dataclass(frozen=True)
class CharacterCard:
    """An imported card. `examples`: what a user said and the character answered; `left_out`: what we do not know."""

    persona: Persona
    examples: tuple[tuple[str, str], ...] = ()
    left_out: tuple[str, ...] = ()


def read_character_card(data: bytes, name: str | None = None) -> CharacterCard:
    """The persona in a card file, under `name` or one made from the character's. Raises BadCard or BadPersona."""
    if len(data) > MOST_BYTES:
        raise BadCard("card-too-large", megabytes=MOST_BYTES // 1024 // 1024)
    fields = _fields(_parse(_from_png(data) if data.startswith(_PNG) else data))
    character = _line(_text(fields, "nickname") or _text(fields, "name"))[:DISPLAY_LENGTH].strip()
    if not character:
        raise BadCard("card-without-name")
    examples = tuple(_examples(_text(fields, "mes_example"), character))
    own = _own(fields)
    values: dict[str, object] = {
        "name": name or slug(character, own.get("name")),
        "display_name": character,
        "description": _description(fields, character),
        "greeting": _cut(_spoken(_text(fields, "first_mes"), character, "friend"), GREETING_LENGTH),
        "system_prompt": _prompt(fields, character, examples, introduced=bool(own)),
        "avatar_url": _icon(fields),
    }
    return CharacterCard(_with_own(values, own), examples, tuple(_left_out(fields)))


def write_character_card(persona: Persona) -> bytes:
    """The persona as a V2 card, with what the format has no field for in an extension of ours."""
    own = {"name", "avatar", "avatar_url", "sampling"}
    data = {
        "name": persona.display_name,
        "description": "",
        "personality": "",
        "scenario": "",
        "first_mes": persona.greeting,
        "mes_example": "",
        "creator_notes": persona.description,
        "system_prompt": persona.system_prompt,
        "post_history_instructions": "",
        "alternate_greetings": [],
        "tags": [],
        "creator": "",
        "character_version": "",
        "extensions": {"troupe": persona.model_dump(mode="json", include=own, exclude_none=True)},
    }
    card = {"spec": "chara_card_v2", "spec_version": "2.0", "data": data}
    return json.dumps(card, ensure_ascii=False, indent=2).encode("utf-8", "replace")


def slug(character: str, noted: object = None) -> str:
    """A persona's name: the noted one, or one made from the character's: `Captain Óscar!` → `captain-oscar`."""
    if isinstance(noted, str) and is_valid_name(noted):
        return noted
    ascii_only = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode().lower()
    made = re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")[:32].strip("-")
    return made if is_valid_name(made) else "character"


def _from_png(data: bytes) -> bytes:
    """The card's JSON out of a PNG's text chunks."""
    found = {keyword: text for keyword, text in _text_chunks(data) if keyword in _KEYWORDS}
    for keyword in _KEYWORDS:
        if keyword in found:
            try:
                return base64.b64decode(found[keyword], validate=False)
            except (binascii.Error, ValueError):
                continue
    raise BadCard("card-not-in-picture")


def _text_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(keyword, text) of each tEXt chunk; a file that ends too soon just ends."""
    position = len(_PNG)
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        body = data[position + 8 : position + 8 + length]
        if kind == b"tEXt":
            keyword, separator, text = body.partition(b"\0")
            if separator:
                yield keyword.lower(), text
        position += 12 + length


def _parse(data: bytes) -> Any:
    if len(data) > MOST_TEXT:
        raise BadCard("card-text-too-long", megabytes=MOST_TEXT // 1024 // 1024)
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise BadCard("card-unreadable") from None


def _fields(card: Any) -> dict[str, Any]:
    """The card's fields: below `data` since V2, at the top in V1."""
    data = card.get("data") if isinstance(card, dict) and isinstance(card.get("data"), dict) else card
    if not isinstance(data, dict) or not isinstance(data.get("name"), str):
        raise BadCard("card-without-name")
    return data


def _text(fields: dict[str, Any], key: str) -> str:
    value = fields.get(key)
    if not isinstance(value, str):
        return ""
    # Half a surrogate pair is JSON but no text; the store and Discord refuse it.
    return value[:MOST_FIELD].encode("utf-8", "replace").decode().replace("\x00", "").replace("\r\n", "\n").strip()


def _spoken(text: str, character: str, user: str) -> str:
    """`text` with the macros that cards use for the two speakers written out."""

    def named(match: re.Match[str]) -> str:
        macro = (match[1] or match[2]).lower()
        return {"user": user, "original": ""}.get(macro, character)

    return _MACRO.sub(named, _COMMENT.sub("", text)).strip()


def _description(fields: dict[str, Any], character: str) -> str:
    for key in ("creator_notes", "personality", "description", "scenario"):
        if text := _line(_spoken(_text(fields, key), character, "you")):
            first = _SENTENCE.match(text)
            return _cut(text if len(text) <= DESCRIPTION_LENGTH or not first else first[0], DESCRIPTION_LENGTH)
    return announce("card-description", character=character)


def _prompt(fields: dict[str, Any], character: str, examples: tuple[tuple[str, str], ...], *, introduced: bool) -> str:
    """What the model is told: who it is (unless `introduced`), the card's instructions, as many examples as fit."""
    parts = [
        _text(fields, "system_prompt"),
        _text(fields, "description"),
        _labelled("Personality", _text(fields, "personality")),
        _labelled("Scenario", _text(fields, "scenario")),
        _text(fields, "post_history_instructions"),
    ]
    told = "\n".join(_spoken(part, character, "the user") for part in parts if part)
    if not introduced and character not in told:
        told = f"You are {character}.\n{told}"
    prompt = _cut(told.strip(), PROMPT_LENGTH)
    heading = f"\nThis is how {character} speaks:"
    for asked, answered in examples[:EXAMPLES]:
        shown = f"{heading}\nUser: {asked}\n{character}: {answered}"
        if len(prompt) + len(shown) > PROMPT_LENGTH:
            break
        prompt, heading = prompt + shown, ""
    return prompt


def _labelled(label: str, text: str) -> str:
    return f"{label}: {text}" if text else ""


def _examples(dialogue: str, character: str) -> Iterator[tuple[str, str]]:
    """The exchanges of `mes_example`: blocks after <START>, of lines that begin with a speaker or go on with theirs."""
    speaker = re.compile(rf"^(?:(?P<user>\{{\{{user\}}\}}|<user>|user|you)|(?P<char>\{{\{{char\}}\}}|<bot>|"
                         rf"{re.escape(character)}))\s*:\s*", re.IGNORECASE)  # fmt: skip
    for block in re.split(r"<START>", dialogue, flags=re.IGNORECASE):
        turns: list[tuple[bool, str]] = []
        for line in block.strip().splitlines():
            if match := speaker.match(line):
                turns.append((match["user"] is not None, line[match.end() :]))
            elif turns:
                turns[-1] = (turns[-1][0], f"{turns[-1][1]}\n{line}")
        for (by_user, asked), (next_by_user, answered) in itertools.pairwise(turns):
            if by_user and not next_by_user:
                said = _spoken(asked, character, "friend"), _spoken(answered, character, "friend")
                if all(said):
                    yield said


def _icon(fields: dict[str, Any]) -> str:
    """The web address of the character's picture (V3), where it names one that Discord can show."""
    assets = fields.get("assets")
    for asset in assets if isinstance(assets, list) else []:
        uri = asset.get("uri") if isinstance(asset, dict) and asset.get("type") == "icon" else None
        if isinstance(uri, str) and len(uri) <= 500 and re.fullmatch(r"https://[^\s<>\"]+", uri):
            return uri
    return ""


def _left_out(fields: dict[str, Any]) -> Iterator[str]:
    book = fields.get("character_book")
    if isinstance(book, dict) and book.get("entries"):
        yield "its lorebook"
    if isinstance(fields.get("alternate_greetings"), list) and fields["alternate_greetings"]:
        yield "its further greetings"


def _own(fields: dict[str, Any]) -> dict[str, Any]:
    """What `write_character_card` noted beside the common fields."""
    extensions = fields.get("extensions")
    own = extensions.get("troupe") if isinstance(extensions, dict) else None
    return own if isinstance(own, dict) else {}


def _with_own(values: dict[str, object], own: dict[str, Any]) -> Persona:
    """Our own notes are taken where they fit; somebody may have edited them."""
    notes: dict[str, object] = {key: own[key] for key in ("avatar", "avatar_url", "sampling") if key in own}
    try:
        return persona_from({**values, **notes})
    except BadPersona:
        return persona_from(values)


def _line(text: str) -> str:
    return " ".join(text.split())


def _cut(text: str, length: int) -> str:
    """At most `length` characters, ending at a word."""
    if len(text) <= length:
        return text
    head = text[: length - 1]
    return (head.rsplit(None, 1)[0] if " " in head[length // 2 :] else head).rstrip() + "…"
