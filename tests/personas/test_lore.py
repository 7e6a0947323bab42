import pytest

from bot.personas.catalog import Persona
from bot.personas.character_cards import read_character_card
from bot.personas.lore import LoreEntry, LoreRoom, told
from tests.personas.cards import v2


def entry(content: str, *keys: str, **fields: object) -> LoreEntry:
    return LoreEntry(keys=keys or (content.lower(),), content=content, **fields)


@pytest.mark.parametrize(
    ("key", "text", "occurs"),
    [
        ("key", "Where is the Key?", True),
        ("key", "A monkey.", False),
        ("key", "keys", False),
        ("old key", "my old key", True),
        ("鍵", "この鍵は", True),
        ("key", "鍵key鍵", True),
        ("k.y", "key", False),
        ("ключ", "Ключ", True),
    ],
)
def test_a_key_occurs_as_a_whole_word_in_any_case(key, text, occurs):
    assert entry("It is old.", key).occurs_in(text) is occurs


def test_case_and_secondary_keys_count_where_an_entry_says_so():
    assert not entry("x", "Rose", case_sensitive=True).occurs_in("a rose")
    both = entry("x", "rose", secondary_keys=("garden", "vase"))
    assert (both.occurs_in("a rose"), both.occurs_in("a rose in a vase")) == (False, True)


def test_of_what_has_no_room_the_entries_of_the_highest_priority_stay_in_their_order():
    entries = [entry("One", order=1), entry("Two", order=0, priority=5), entry("Three", order=3, priority=9)]
    assert told(entries, ["one two", "three"], LoreRoom(2, 100), len) == "Two\nThree"
    assert told(entries, ["one two three"], LoreRoom(9, 8), len) == "Three"
    assert told(entries, ["one two three"], LoreRoom(0, 99), len) == ""
    assert told(entries, ["four"], LoreRoom(9, 99), len) == ""


def test_a_cards_lorebook_is_kept_and_what_always_holds_is_in_the_prompt():
    book = {
        "entries": {
            "0": {"key": ["vault"], "keysecondary": ["old"], "content": "{{char}} built it.", "order": 7},
            "1": {"key": "safe, box", "content": "@@depth 4\nIt is steel.", "selective": False},
            "2": {"key": ["x"], "content": "Never says {{user}}'s name.", "constant": True},
            "3": {"key": ["y"], "content": "@@activate\nAlways polite.", "disable": False},
            "4": {"key": ["z"], "content": "Gone.", "disable": True},
        }
    }
    persona = read_character_card(v2(character_book=book, mes_example="")).persona
    assert persona.lore == (
        LoreEntry(keys=("safe", "box"), content="It is steel."),
        LoreEntry(keys=("vault",), secondary_keys=("old",), content="Ada Locke built it.", order=7),
    )
    assert persona.system_prompt.endswith("A shop after dark.\nNever says the user's name.\nAlways polite.")
    assert Persona.model_validate_json(persona.model_dump_json()) == persona
