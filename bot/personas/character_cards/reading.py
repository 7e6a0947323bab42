"""A card file as a persona, with a sentence for everything in it that was shortened or left out."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.personas.catalog import GREETING_LENGTH, MOST_GREETINGS, PROMPT_LENGTH, Persona, is_valid_name
from bot.personas.character_cards.bad_card import BadCard
from bot.personas.character_cards.containers import parsed, texts
from bot.personas.character_cards.example_dialogue import SampleExchange, exchanges
from bot.personas.character_cards.fields import Fields, plain_text
from bot.personas.character_cards.lorebooks import Lorebook, read_lorebook
from bot.personas.character_cards.macros import Macros
from bot.personas.character_cards.shortening import cut, cut_speech, first_sentence, joined, one_line
from bot.personas.character_cards.writing import OWN, OWN_FIELDS
from bot.personas.server_personas import BadPersona, persona_from
from bot.prompt.names import visible_name
from bot.wording import announce

DESCRIPTION_LENGTH, DISPLAY_LENGTH = 100, 32
EXAMPLES = 3  # exchanges of the card's example dialogue that go into the prompt, at most
EXAMPLES_ROOM = 800  # characters that they may take from a long description
MOST_RULES = 2000  # characters of rules in a card of ours: somebody may have edited them


@dataclass(frozen=True)
class CharacterCard:
    """An imported card. `notes`: a sentence for each thing that was shortened or left out, with counts."""

    persona: Persona
    examples: tuple[SampleExchange, ...] = ()
    notes: tuple[str, ...] = ()


def read_character_card(data: bytes, name: str | None = None) -> CharacterCard:
    """The persona in a card file, under `name` or one made from the character's. Raises BadCard or BadPersona."""
    fields = _first_card(texts(data))
    return _Reader(fields).card(name, in_picture=data.startswith(b"\x89PNG"))


def slug(character: str, noted: object = None) -> str:
    """A persona's name: the noted one, or one made from the character's: `Captain Óscar!` → `captain-oscar`."""
    if isinstance(noted, str) and is_valid_name(noted):
        return noted
    ascii_only = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode().lower()
    made = re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")[:32].strip("-")
    return made if is_valid_name(made) else "character"


def _first_card(candidates: Sequence[bytes]) -> Fields:
    """The first text that is a card; the first one's fault where none is."""
    faults = []
    for text in candidates:
        try:
            return Fields(parsed(text))
        except BadCard as fault:
            faults.append(fault)
    raise faults[0]


class _Reader:
    """Reads one card, and notes what it cannot keep."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        full_name = visible_name(fields.text("nickname") or fields.text("name"))
        self._name = full_name[:DISPLAY_LENGTH].strip()
        kept = ("description", "personality", "scenario", "character_version")
        self._macros = Macros(self._name, {key: fields.text(key) for key in kept})
        self._own = _own(fields)
        self._notes: list[str] = []
        if len(full_name) > DISPLAY_LENGTH:
            self._notes.append(announce("card-name-shortened", kept=len(self._name), of=len(full_name)))

    def card(self, name: str | None, *, in_picture: bool) -> CharacterCard:
        lore = read_lorebook(self._fields.mapping("character_book"), self._about)
        examples = tuple(exchanges(self._fields.text("mes_example"), self._name, self._said))
        greetings = self._greetings()
        values: dict[str, object] = {
            "name": name or slug(self._name, self._own.get("name")),
            "display_name": self._name,
            "description": self._description(),
            "greeting": greetings[0] if greetings else "",
            "greetings": tuple(greetings[1:]),
            "system_prompt": self._prompt(lore, examples),
            "avatar_url": _icon(self._fields),
            "lore": tuple(lore.entries),
        }
        persona = _with_own(values, self._own)
        return CharacterCard(persona, examples, (*self._notes, *self._left_out(lore, persona, in_picture=in_picture)))

    def _about(self, text: str) -> str:
        """A text for the model to read."""
        return self._macros.written_out(text, "the user")

    def _said(self, text: str) -> str:
        """A text that the character says, or hears."""
        return self._macros.written_out(text, "friend")

    def _greetings(self) -> list[str]:
        """The first message and the further ones, as long and as many as a persona may have."""
        first = [text] if (text := self._fields.text("first_mes")) else []
        whole = list(dict.fromkeys(filter(None, map(self._said, [*first, *self._fields.texts("alternate_greetings")]))))
        kept = [cut_speech(greeting, GREETING_LENGTH) for greeting in whole[: 1 + MOST_GREETINGS]]
        for short, long in zip(kept, whole, strict=False):
            if short != long:
                self._notes.append(announce("card-greeting-shortened", kept=len(short), of=len(long)))
        if len(kept) < len(whole):
            self._notes.append(announce("card-greetings-left-out", kept=len(kept), of=len(whole)))
        return kept

    def _description(self) -> str:
        for key in ("creator_notes", "personality", "description", "scenario"):
            if text := one_line(self._macros.written_out(self._fields.text(key), "you")):
                short = first_sentence(text, DESCRIPTION_LENGTH)
                if key == "creator_notes" and short != text:
                    self._notes.append(announce("card-notes-shortened", kept=len(short), of=len(text)))
                return short
        return announce("card-description", character=self._name)

    def _prompt(self, lore: Lorebook, examples: Sequence[SampleExchange]) -> str:
        """What the model is told: who it is, the card's instructions, what always holds, as many examples as fit."""
        told = joined([*self._instructions(), *lore.constant, *self._last_words()])
        if not self._own and self._name not in told:
            told = joined([f"You are {self._name}.", told])
        shown = self._shown(examples, max(PROMPT_LENGTH - len(told), EXAMPLES_ROOM))
        kept = cut(told, PROMPT_LENGTH - len(shown))
        if kept != told:
            self._notes.append(announce("card-prompt-shortened", kept=len(kept), of=len(told)))
        return kept + shown if kept else shown.strip()

    def _instructions(self) -> Iterator[str]:
        yield self._about(self._fields.text("system_prompt"))
        yield self._about(self._fields.text("description"))
        for label, key in (("Personality", "personality"), ("Scenario", "scenario")):
            if text := self._about(self._fields.text(key)):
                yield f"{label}: {text}"

    def _last_words(self) -> Iterator[str]:
        """What cards want near the conversation's end."""
        yield self._about(self._fields.text("post_history_instructions"))
        note = self._fields.mapping("extensions").get("depth_prompt")
        yield self._about(plain_text(note.get("prompt")) if isinstance(note, dict) else "")

    def _shown(self, examples: Sequence[SampleExchange], room: int) -> str:
        """The first examples that have room, below a heading."""
        shown, count = f"\nThis is how {self._name} speaks:", 0
        for asked, answered in examples[:EXAMPLES]:
            longer = f"{shown}\nUser: {asked}\n{self._name}: {answered}"
            if len(longer) > room:
                break
            shown, count = longer, count + 1
        if count < len(examples):
            self._notes.append(announce("card-examples-left-out", kept=count, of=len(examples)))
        return shown if count else ""

    def _left_out(self, lore: Lorebook, persona: Persona, *, in_picture: bool) -> Iterator[str]:
        if lore.unused:
            yield announce("card-lore-left-out", count=lore.unused)
        if group := len(self._fields.texts("group_only_greetings")):
            yield announce("card-group-greetings-left-out", count=group)
        if unknown := list(self._macros.unknown):
            yield announce("card-macros-left-out", count=len(unknown), names=_named(unknown))
        if in_picture and not persona.avatar_url:
            yield announce("card-picture-left-out")


def _named(macros: Sequence[str]) -> str:
    """A few names, in code, as nothing else may look in a channel."""
    named = ["`{}`".format(re.sub(r"[^\w ’'-]", "", name)) for name in macros[:8]]
    return ", ".join([*named, "…"] if len(macros) > len(named) else named)


def _icon(fields: Fields) -> str:
    """The web address of the character's picture (V3), where it names one that Discord can show."""
    assets = fields.get("assets")
    for asset in assets if isinstance(assets, list) else []:
        uri = asset.get("uri") if isinstance(asset, dict) and asset.get("type") == "icon" else None
        if isinstance(uri, str) and len(uri) <= 500 and re.fullmatch(r"https://[^\s<>\"]+", uri):
            return uri
    return ""


def _own(fields: Fields) -> Mapping[str, Any]:
    """What `write_character_card` noted beside the common fields."""
    own = fields.mapping("extensions").get(OWN)
    return own if isinstance(own, dict) else {}


def _with_own(values: dict[str, object], own: Mapping[str, Any]) -> Persona:
    """Our own notes are taken where they fit; somebody may have edited them."""
    notes: dict[str, object] = {key: own[key] for key in OWN_FIELDS[1:] if key in own}
    if len(str(notes.get("rules", ""))) > MOST_RULES:
        del notes["rules"]
    try:
        return persona_from({**values, **notes})
    except BadPersona:
        return persona_from(values)
