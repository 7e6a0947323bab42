"""The fields of a card by the names of V2, whichever program wrote it and wherever it put them."""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.personas.character_cards.bad_card import BadCard
from bot.prompt.encoding import well_formed

_DEEPEST = 4  # how far a card may be wrapped up
_WRAPPERS = ("data", "character", "char", "card")
_OTHER_NAMES = {
    "name": ("char_name", "display_name"),
    "description": ("char_persona", "context", "persona", "definition"),
    "scenario": ("world_scenario",),
    "first_mes": ("char_greeting", "greeting", "first_message"),
    "mes_example": ("example_dialogue", "example_dialogues", "sampleChat"),
    "character_book": ("lorebook", "world_info"),
}


class Fields:
    """Each field is the innermost one that holds something: a card may be only partly wrapped up."""

    def __init__(self, card: Any) -> None:
        self._layers = list(_layers(card))
        if not self.text("name"):
            raise BadCard("card-without-name")

    def get(self, key: str) -> Any:
        for name in (key, *_OTHER_NAMES.get(key, ())):
            for layer in reversed(self._layers):
                if layer.get(name) not in (None, "", [], {}):
                    return layer[name]
        return None

    def text(self, key: str) -> str:
        return plain_text(self.get(key))

    def texts(self, key: str) -> list[str]:
        values = self.get(key)
        return [text for value in (values if isinstance(values, list) else []) if (text := plain_text(value))]

    def mapping(self, key: str) -> Mapping[str, Any]:
        value = self.get(key)
        return value if isinstance(value, dict) else {}


def plain_text(value: Any) -> str:
    """A field's text; lines where a list of them stands. Half characters become whole, other values nothing."""
    if isinstance(value, list):
        return "\n".join(filter(None, map(plain_text, value[:1000]))) if all(map(_is_text, value)) else ""
    if isinstance(value, dict):
        attributes = value.get("attributes")
        return _attributes(attributes if isinstance(attributes, dict) else value)
    return well_formed(value).replace("\x00", "").replace("\r\n", "\n").strip() if _is_text(value) else ""


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _attributes(values: Mapping[str, Any]) -> str:
    """What a character is like, as Agnai writes it: `{"text": ["…"]}` or `{"likes": ["tea"]}`."""
    told = {key: value for key, value in values.items() if isinstance(value, str | list) and key != "kind"}
    lines = {key: plain_text(value) for key, value in told.items()}
    return "\n".join(line if key == "text" else f"{key}: {line}" for key, line in lines.items() if line)


def _layers(card: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """The card and what is wrapped in it, the outermost first."""
    if isinstance(card, list) and len(card) == 1:
        card = card[0]
    if not isinstance(card, dict) or depth == _DEEPEST:
        return
    yield card
    for wrapper in _WRAPPERS:
        yield from _layers(card.get(wrapper), depth + 1)
