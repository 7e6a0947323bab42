"""Personal data in members' words: found by its shape, and numbers that are none left alone."""

import pytest

from training.dataset.personal_data import scrub


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("Write to bob.smith+x@mail.example.co.uk!", "Write to [email]!"),
        ("bob [at] example [dot] com", "[email]"),
        ("Reach me: +49 (0)170 123 4567, ok?", "Reach me: [phone], ok?"),
        ("Call me at 555 1234", "[phone]"),
        ("(555) 123-4567", "[phone]"),
        ("555-123-4567", "[phone]"),
        ("0170 1234567", "[phone]"),
        ("4111 1111 1111 1111", "[card]"),
        ("DE89 3704 0044 0532 0130 00", "[account]"),
        ("123-45-6789", "[number]"),
        ("192.168.1.1 and 2001:db8::8a2e:370:7334", "[ip] and [ip]"),
        ("<@123456789012345678> <@!1> <@&77> <#99>", "[member] [member] [member] [member]"),
        ("id 123456789012345678", "id [id]"),
        ("discord.gg/abc123 or https://discord.com/invite/xyz", "[invite] or [invite]"),
        ("https://discord.com/api/webhooks/123/abc-DEF", "[webhook]"),
        ("see https://example.com/?user=bob now", "see [link] now"),
        ("I live at 12 Baker Street", "I live at [address]"),
        ("the token is M" + "A" * 23 + ".Gabcde." + "x" * 27, "the token is [token]"),
        ("sk-" + "a1" * 12, "[token]"),
    ],
)
def test_personal_data_gives_way_to_a_placeholder(text, scrubbed):
    assert scrub(text)[0] == scrubbed


@pytest.mark.parametrize(
    "text",
    [
        "Light travels at 299,792,458 metres a second, and pi is 3.14159265358979323846.",
        "It lasted 1914-1918, from 2024-01-15 10:30 on, at a ratio of 4:3:2.",
        "There are 31536000 seconds in a year and 1000000000 stars.",
        "Version 1.2.3 is 5 Great Ways ahead; text 2024 or call 911.",
        "4111 1111 1111 1112 has a wrong check digit.",
        "Ahoy, matey! 🏴‍☠️",
        "",
    ],
)
def test_ordinary_numbers_stay(text):
    assert scrub(text) == (text, ())


def test_a_long_word_takes_no_longer_than_its_length():
    text = "a" * 200_000 + "1"
    assert scrub(text) == (text, ())
