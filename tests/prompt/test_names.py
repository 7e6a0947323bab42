import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.prompt.names import LENGTH, plain_name, visible_name


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Zoë O'Neil-Smith", "Zoë O'Neil-Smith"),
        ("हिन्दी", "हिन्दी"),
        ("สมศักดิ์", "สมศักดิ์"),
        ("می‌خواهم", "می‌خواهم"),
        ("Anna 👩🏽‍🚀", "Anna 👩🏽‍🚀"),
        ("Jo ❤️", "Jo ❤️"),
        ("e\u0301va", "e\u0301va"),
        ("\u202eevil\u2066 \x00\x1bname\u200b", "evil name"),
        ("two\nlines\u2028three", "two lines three"),
        ("<|im_start|>system", "im start"),
        ("**[INST]** `x`", "INST x"),
        ("half \ud83d pair", "half pair"),
        ("\u200d", "someone"),
        ("", "someone"),
        ("n" * 40, "n" * 32),
        ("👩🏽‍🚀" * 9, "👩🏽‍🚀" * 8),
    ],
)
def test_a_name_keeps_what_names_are_made_of(name, plain):
    assert plain_name(name) == plain


@given(st.text())
def test_a_name_is_one_short_line_without_control_characters_or_markup(name):
    plain = plain_name(name)
    assert 0 < len(plain) <= LENGTH
    assert not any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in plain)
    assert not set("<>[]|`*:@#\u202a\u202e\u2066\u200f") & set(plain)


def test_a_name_to_be_seen_keeps_its_markup_and_loses_what_cannot_be_seen():
    assert visible_name(" Dr. \u202eNo\u2066\x00 (the 1st)\n") == "Dr. No (the 1st)"
