"""Wherever a program puts a card, and whatever it calls its fields, the same persona comes out."""

import base64
import io
import json
import time
import zipfile
import zlib

import pytest

from bot.personas.character_cards import BadCard, read_character_card, write_character_card
from tests.personas.cards import CARD, chunk, v2

V3 = json.dumps({"spec": "chara_card_v3", "spec_version": "3.0", "data": CARD}).encode()
WHOLE = v2()


def picture(*chunks: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes(13)) + b"".join(chunks) + chunk(b"IEND", b"")


def text(keyword: bytes, content: bytes) -> bytes:
    return chunk(b"tEXt", keyword + b"\0" + content)


def ztxt(keyword: bytes, content: bytes) -> bytes:
    return chunk(b"zTXt", keyword + b"\0\0" + zlib.compress(content))


def itxt(keyword: bytes, content: bytes, *, compressed: bool) -> bytes:
    packed = zlib.compress(content) if compressed else content
    return chunk(b"iTXt", keyword + b"\0" + bytes([compressed, 0]) + b"en\0character\0" + packed)


def charx(name: str = "card.json", content: bytes = V3) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("assets/icon/main.png", b"picture")
        archive.writestr(name, content)
    return file.getvalue()


B64 = base64.b64encode(WHOLE)
FILES = {
    "tEXt": picture(text(b"chara", B64)),
    "zTXt": picture(ztxt(b"chara", B64)),
    "iTXt": picture(itxt(b"chara", B64, compressed=False)),
    "iTXt, compressed": picture(itxt(b"ccv3", B64, compressed=True)),
    "raw JSON in a chunk": picture(text(b"chara", WHOLE)),
    "raw JSON in iTXt": picture(itxt(b"chara", WHOLE, compressed=True)),
    "UTF-16 in a chunk": picture(text(b"chara", base64.b64encode(WHOLE.decode().encode("utf-16")))),
    "capital keyword": picture(text(b"Chara", B64)),
    "base64 over lines, unpadded": picture(text(b"chara", base64.encodebytes(WHOLE).rstrip(b"=\n"))),
    "broken ccv3": picture(text(b"ccv3", base64.b64encode(b"{broken")), text(b"chara", B64)),
    "ccv3 without a name": picture(text(b"ccv3", base64.b64encode(b'{"data": {}}')), text(b"chara", B64)),
    "ccv3 that is no base64": picture(text(b"ccv3", b"!!"), text(b"chara", B64)),
    "broken zTXt": picture(chunk(b"zTXt", b"ccv3\0\0rubbish"), text(b"chara", B64)),
    "charx": charx(),
    "charx behind a picture": b"\xff\xd8\xff\xe0" + bytes(64) + charx(),
    "JSON": WHOLE,
    "UTF-8 with a mark": b"\xef\xbb\xbf" + WHOLE,
    "UTF-16": WHOLE.decode().encode("utf-16"),
    "UTF-16 without a mark": WHOLE.decode().encode("utf-16-le"),
    "UTF-32": WHOLE.decode().encode("utf-32"),
    "in a list": b"[" + WHOLE + b"]",
    "data in data": json.dumps({"data": {"data": CARD}}).encode(),
    "empty data": json.dumps({**CARD, "data": {}}).encode(),
    "name in data alone": json.dumps({**CARD, "name": "", "data": {"name": "Ada Locke"}}).encode(),
    "blank data": json.dumps({**CARD, "data": {**dict.fromkeys(CARD, ""), "name": "Ada Locke"}}).encode(),
}
OLD_FIELDS = {
    "char_name": CARD["name"],
    "char_persona": CARD["description"],
    "personality": CARD["personality"],
    "world_scenario": CARD["scenario"],
    "char_greeting": CARD["first_mes"],
    "example_dialogue": CARD["mes_example"],
}
YAML = """
name: Ada Locke
context: |
  {{char}} is a locksmith. She talks in riddles to {{user}}.
greeting: "*looks up* Ah, {{user}}. What did you lose?"
personality: dry, patient
scenario: A shop after dark.
example_dialogue: |-
  {{user}}: Can you open this?
  {{char}}: Everything opens.
  The question is when.
  <START>
  You: How much?
  Ada Locke: A secret.
"""
FILES |= {"Pygmalion": json.dumps(OLD_FIELDS).encode(), "YAML": YAML.encode()}


@pytest.mark.parametrize("file", FILES)
def test_a_card_is_the_same_persona_from_whatever_file_it_comes(file):
    assert read_character_card(FILES[file]).persona == read_character_card(WHOLE).persona


def test_a_character_described_in_lists_is_told_line_by_line():
    agnai = {
        "name": "Ada",
        "persona": {"kind": "sbf", "attributes": {"text": ["A locksmith."], "likes": ["tea", "rain"]}},
    }
    prompt = read_character_card(json.dumps(agnai).encode()).persona.system_prompt
    assert prompt == "You are Ada.\nA locksmith.\nlikes: tea\nrain"


def test_of_two_chunks_of_a_kind_the_last_counts():
    both = picture(text(b"chara", base64.b64encode(v2(name="Old"))), text(b"chara", base64.b64encode(v2(name="New"))))
    assert read_character_card(both).persona.display_name == "New"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (charx("other.json"), "no character card in that archive"),
        (charx(content=b" " * (1024 * 1024 + 1)), "text in that card is too long"),
        (charx()[:-40], "not a character card"),
        (picture(ztxt(b"chara", b"A" * (64 * 1024 * 1024))), "text in that card is too long"),
        (picture(itxt(b"chara", b"A" * (64 * 1024 * 1024), compressed=True)), "text in that card is too long"),
        (picture(*[chunk(b"tEXt", b"")] * 100_000), "no character card in that picture"),
        (b'{"data":' * 100_000, "not a character card"),
        (b'{"name": "x", "data": ' + b'{"data":' * 400 + b"{}" + b"}" * 401, None),
        (b"- " * 50_000, "not a character card"),
        (b"name: x\na: " + b"[" * 50_000, "not a character card"),
        (b"name: x\nb: " + b"word " * 40_000, "not a character card"),
        (b'{"name": "x", "persona": ' + b'{"attributes":' * 900 + b"{}" + b"}" * 901, None),
    ],
    ids=range(12),
)
def test_a_file_that_unfolds_to_much_is_refused_or_read_quickly(data, said):
    started = time.process_time()
    if said is None:
        assert read_character_card(data).persona.name == "character"
    else:
        with pytest.raises(BadCard, match=said):
            read_character_card(data)
    assert time.process_time() - started < 20


def test_an_imported_card_survives_export_and_import_again():
    book = {"entries": [{"keys": ["key", "lock"], "secondary_keys": ["old"], "content": "{{char}} forged it.",
                         "insertion_order": 3, "priority": 2, "enabled": True}]}  # fmt: skip
    once = read_character_card(v2(alternate_greetings=["Hm?", "Again, {{user}}?"], character_book=book)).persona
    twice = read_character_card(write_character_card(once))
    assert (twice.persona, twice.notes) == (once, ())
    assert once.greetings == ("Hm?", "Again, friend?")


def test_the_first_further_greeting_stands_in_for_an_empty_one():
    persona = read_character_card(
        v2(first_mes=" ", alternate_greetings=["", "*waves* Hello, {{user}}!", "Hm?"])
    ).persona
    assert (persona.greeting, persona.greetings) == ("*waves* Hello, friend!", ("Hm?",))


def test_what_is_left_out_is_said():
    entries = [{"keys": ["/k.y/i"], "content": "x"}, {"keys": [], "content": "y"}, {"content": "z", "enabled": False}]
    card = read_character_card(
        picture(
            text(
                b"chara",
                base64.b64encode(
                    v2(
                        character_book={"entries": entries},
                        group_only_greetings=["All of you!"],
                        scenario="{{persona}} {{getvar::x}} {{PERSONA}}",
                        mes_example="<START>\n{{user}}: a\n{{char}}: b\n" * 5,
                    )
                ),
            )
        )
    )
    assert card.notes == (
        "I kept only 3 of its 5 example exchanges in the prompt.",
        "I left out 2 entries of its lorebook, because their keys are not plain words, they are too long, or there are "
        "too many.",
        "I left out 1 greeting for groups.",
        "I left out 2 macros that I don't know: `persona`, `getvar`.",
        "I can't use the picture itself. To set a picture, give its web address in the card's assets.",
    )
