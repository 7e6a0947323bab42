"""Character cards, as Tavern, SillyTavern and their kin write them (V1 to V3): read into personas, written from them.

Pure: bytes to a persona and back. Specifications: github.com/malfoyslastname/character-card-spec-v2 and
github.com/kwaroran/character-card-spec-v3. A card comes from strangers: whatever its bytes are, it is a persona or a
`BadCard` with a sentence.
"""

from bot.personas.character_cards.bad_card import BadCard
from bot.personas.character_cards.containers import MOST_BYTES
from bot.personas.character_cards.reading import CharacterCard, read_character_card, slug
from bot.personas.character_cards.writing import write_character_card

__all__ = ["MOST_BYTES", "BadCard", "CharacterCard", "read_character_card", "slug", "write_character_card"]
