import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.personas.character_cards.macros import Macros


def out(text: str, **fields: str) -> str:
    return Macros("Ada", fields).written_out(text, "the user")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("{{char}} <BOT> {{Bot}} <char> {{charIfNotGroup}}", "Ada Ada Ada Ada Ada"),
        ("{{user}} <USER> {{ USER }} {{user's}}", "the user the user the user the user's"),
        ("a{{newline}}b", "a\nb"),
        ("a\n\n{{trim}}\n\nb", "ab"),
        ("{{trim}}\na {{trim}}", "a"),
        ("a{{// note }}{{comment: x}}{{hidden_key:y}}{{noop}}{{original}}b", "ab"),
        ("{{reverse:abc}}", "cba"),
        ("{{random:{{char}}}} {{pick::{{user}}}}", "Ada the user"),
        ("{{random:a\\,b}}", "a,b"),
        ("It is {{time}}, {{date}}.", "It is now, today."),
        ("{{datetimeformat DD.MM.YYYY}}", "now"),
        ("{{roll:d1}} {{roll:3d1}} {{roll:2d1+4}} {{roll:1}} {{roll 1d1}} {{roll:x}}", "1 3 6 1 1"),
        ("{{personality}}!", "dry Ada!"),
        ("<START> hi", "hi"),
        ("1 < 2 {x} {{", "1 < 2 {x} {{"),
    ],
)
def test_a_macro_is_written_out(text, written):
    assert out(text, personality="dry {{nothing}}Ada") == written


def test_what_is_drawn_is_one_of_the_choices_and_the_same_each_time():
    text = "{{random:tea,coffee,cocoa}} {{pick::cats::dogs}} {{random::Hi::Hello}} {{roll:d6}}"
    drink, pet, greeting, dice = out(text).split()
    assert (drink in ("tea", "coffee", "cocoa"), pet in ("cats", "dogs"), greeting in ("Hi", "Hello")) == (True,) * 3
    assert int(dice) in range(1, 7)
    assert out(text) == out(text)


def test_unknown_macros_are_left_out_and_named_once():
    macros = Macros("Ada")
    assert macros.written_out("a {{getvar::x}}{{persona}} {{getvar::y}}b", "you") == "a  b"
    assert list(macros.unknown) == ["getvar", "persona"]


@given(st.lists(st.sampled_from(["{{", "}}", "char", "random:", "::", "a", ",", "<user>", "trim", "roll:9d9", "\n"])))
def test_nothing_that_is_a_macro_is_left(parts):
    written = out("".join(parts))
    assert "\x00" not in written
    assert "<user>" not in written


@pytest.mark.parametrize("text", ["{{" * 50_000, "{{a" * 30_000, "\n" * 100_000 + "{{trim}}", "{{description}}" * 7_000,
                                  "{{random:" * 10_000 + "}}" * 10_000, "{{trim}}\n" * 10_000])  # fmt: skip
def test_text_made_to_take_long_is_written_out_soon(text):
    started = time.process_time()
    out(text, description="{{description}}" * 5_000)
    assert time.process_time() - started < 5


def test_a_card_rolls_so_many_dice_and_no_more():
    rolled = Macros("Bird").written_out("{{roll:999d6}} " * 12, "you").split()
    assert len(rolled) == 10
