"""Character cards come from strangers: every file is a persona or a plain sentence."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import MemberError
from bot.personas.catalog import Persona, SamplingOverrides, is_valid_name
from bot.personas.character_cards import BadCard, read_character_card, slug, write_character_card
from tests.personas.cards import CARD, png, v2


def test_a_v2_card_becomes_a_persona():
    card = read_character_card(
        v2(creator_notes="A locksmith who talks in riddles. More notes.", system_prompt="Be brief.")
    )
    persona = card.persona
    assert (persona.name, persona.display_name) == ("ada-locke", "Ada Locke")
    assert persona.description == "A locksmith who talks in riddles. More notes."
    assert persona.greeting == "*looks up* Ah, friend. What did you lose?"
    assert persona.system_prompt == (
        "Be brief.\nAda Locke is a locksmith. She talks in riddles to the user.\nPersonality: dry, patient\n"
        "Scenario: A shop after dark.\nThis is how Ada Locke speaks:\nUser: Can you open this?\n"
        "Ada Locke: Everything opens.\nThe question is when.\nUser: How much?\nAda Locke: A secret."
    )
    assert card.examples == (
        ("Can you open this?", "Everything opens.\nThe question is when."),
        ("How much?", "A secret."),
    )


def test_v1_and_v3_cards_and_pictures_are_read_alike():
    v1 = json.dumps(CARD).encode()
    v3 = json.dumps({"spec": "chara_card_v3", "spec_version": "3.0", "data": CARD}).encode()
    expected = read_character_card(v2()).persona
    for data in (v1, v3, b"\xef\xbb\xbf" + v1, png((b"chara", v2())), png((b"ccv3", v3))):
        assert read_character_card(data).persona == expected


def test_of_two_cards_in_a_picture_the_newer_one_counts():
    both = png((b"chara", v2(name="Old")), (b"ccv3", v2(name="New")))
    assert read_character_card(both).persona.display_name == "New"


def test_a_picture_on_the_web_becomes_the_avatar():
    def avatar(uri: str) -> str:
        return read_character_card(v2(assets=[{"type": "icon", "uri": uri}])).persona.avatar_url

    assert avatar("https://example.org/ada.png") == "https://example.org/ada.png"
    for other in ("http://example.org/ada.png", "ccdefault:", "data:image/png;base64,AAAA", "https://a b"):
        assert avatar(other) == ""


def test_whatever_is_shortened_is_said_with_counts():
    card = read_character_card(
        v2(
            description="word " * 4000,
            first_mes="*" + "hello there. " * 200 + "*",
            alternate_greetings=[f"Hello {number}" for number in range(25)],
            creator_notes="A note that goes on " * 10,
            name="N" * 90,
        )
    )
    persona = card.persona
    assert len(persona.system_prompt) <= 4000
    assert persona.system_prompt.startswith("You are N")
    assert persona.system_prompt.endswith(f"{'N' * 32}: A secret.")
    assert persona.greeting.endswith("hello there.*")
    assert len(persona.display_name) == 32
    assert persona.greetings == tuple(f"Hello {number}" for number in range(20))
    assert card.notes == (
        "I shortened its name: 32 of 90 characters are kept.",
        f"I shortened a greeting: {len(persona.greeting):,} of 2,602 characters are kept.",
        "I kept only 21 of its 26 greetings.",
        "I shortened its notes to make a description of them: 97 of 199 characters are kept.",
        "I shortened the description of its character: 3,782 of 20,096 characters are kept.",
    )


def test_a_name_of_ones_own_wins():
    assert read_character_card(v2(), name="locksmith").persona.name == "locksmith"
    with pytest.raises(MemberError, match="doesn't work as a short name"):
        read_character_card(v2(), name="../etc")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a character card"),
        (b"GIF89a", "That is a GIF picture"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "That is a WebP picture"),
        (b"just some words", "not a character card"),
        (b"a: &a [x, x]\nb: &b [*a, *a]\nname: [*b, *b]", "not a character card"),
        (b"[1, 2]", "has no name in it"),
        (b'{"data": {"name": 3}}', "has no name in it"),
        (b'{"name": "  "}', "has no name in it"),
        (b"[" * 100_000, "not a character card"),
        (b'{"name": "x", "a": ' + b"9" * 5000 + b"}", "not a character card"),
        (png(), "no character card in that picture"),
        (png((b"Comment", b"hello")), "no character card in that picture"),
        (png((b"chara", b"not json")), "not a character card"),
        (b"\x89PNG\r\n\x1a\n" + b"\xff" * 40, "no character card in that picture"),
        (b" " * (1024 * 1024 + 1), "text in that card is too long"),
        (b" " * (8 * 1024 * 1024 + 1), "too large"),
    ],
    ids=lambda value: repr(value[:20]) if isinstance(value, bytes) else value,
)
def test_a_file_that_is_no_card_is_a_sentence(data, said):
    with pytest.raises(BadCard, match=said):
        read_character_card(data)


@pytest.mark.parametrize(
    "text",
    [
        "{{//" * 200_000,
        "user: hi\n" + "x\n" * 400_000,
        "{{ " * 300_000,
        "<START>\nuser: a\nx: b\n" * 40_000,
        "a " * 500_000,
    ],
    ids=["comments", "one long turn", "braces", "examples", "words"],
)
def test_text_made_to_take_long_is_read_all_the_same(text):
    card = {"name": "x", **dict.fromkeys(("description", "personality", "first_mes", "mes_example"), text[:140_000])}
    assert read_character_card(json.dumps(card).encode()).persona.name == "character"


def test_names_become_valid_ones():
    assert slug("Captain Óscar!") == "captain-oscar"
    assert slug("涼宮ハルヒ") == "character"
    assert slug("A" * 31 + " b") == "a" * 31


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.dictionaries(
    st.sampled_from([*CARD, "creator_notes", "system_prompt", "extensions", "assets", "character_book", "nickname"]),
    JSON,
)


@given(st.binary(max_size=300), st.booleans())
def test_no_bytes_escape_as_another_error(data, as_png):
    with contextlib.suppress(MemberError):
        read_character_card(png((b"chara", data)) + data if as_png else data)


@given(FIELDS, st.text(min_size=1))
def test_whatever_the_fields_hold_the_card_is_a_persona_or_a_sentence(fields, name):
    try:
        persona = read_character_card(json.dumps({"data": {**fields, "name": name}}).encode()).persona
    except MemberError:
        return
    assert is_valid_name(persona.name)
    assert Persona.model_validate_json(persona.model_dump_json().encode()) == persona


WORDS = st.from_regex(r"[A-Za-zäß🎭]{1,8}( [A-Za-zäß🎭.]{1,8}){0,6}", fullmatch=True)


@given(
    name=st.from_regex(r"[a-z0-9][a-z0-9-]{1,31}", fullmatch=True),
    display_name=WORDS.map(lambda text: text[:32].strip()),
    description=WORDS,
    greeting=st.just("") | WORDS,
    system_prompt=st.just("") | WORDS,
    sampling=st.sampled_from([SamplingOverrides(), SamplingOverrides(temperature=0.3)]),
)
def test_an_exported_persona_comes_back_the_same(**fields):
    persona = Persona(avatar="🦜", avatar_url="https://example.org/a.png", **fields)
    assert read_character_card(write_character_card(persona)).persona == persona
