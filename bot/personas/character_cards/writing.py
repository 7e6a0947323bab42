"""A persona as a card that other programs read."""

import json

from bot.personas.catalog import Persona
from bot.personas.character_cards.lorebooks import written_lorebook

OWN = "troupe"  # the extension with what the format has no field for
OWN_FIELDS = ("name", "avatar", "avatar_url", "sampling", "rules")


def write_character_card(persona: Persona) -> bytes:
    """The persona as a V2 card, with what the format has no field for in an extension of ours."""
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
        "alternate_greetings": list(persona.greetings),
        "tags": [],
        "creator": "",
        "character_version": "",
        "extensions": {OWN: persona.model_dump(mode="json", include=set(OWN_FIELDS), exclude_none=True)},
        **({"character_book": written_lorebook(persona.lore)} if persona.lore else {}),
    }
    card = {"spec": "chara_card_v2", "spec_version": "2.0", "data": data}
    return json.dumps(card, ensure_ascii=False, indent=2).encode("utf-8", "replace")
