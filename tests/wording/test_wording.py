"""How a message comes out: plurals, languages, and what happens when a catalogue lacks it."""

import asyncio

import pytest

from bot.errors import PromptTooLong, QueueFull
from bot.wording import Audience, address, announce, language_of, languages, render, say


@pytest.mark.parametrize(("waiting", "said"), [(1, "1 message is waiting"), (64, "64 messages are waiting")])
def test_a_count_has_its_plural(waiting, said):
    assert said in str(QueueFull(waiting))


def test_large_numbers_are_grouped():
    assert str(PromptTooLong(12345, 2048)) == (
        "Please shorten your message: it is 12,345 tokens long, and I can read 2,048."
    )


def test_an_unknown_message_is_a_bug():
    with pytest.raises(LookupError, match="no-such-message"):
        render("no-such-message", "en")


def test_a_missing_argument_is_a_bug():
    with pytest.raises(LookupError, match="queue-full"):
        render("queue-full", "en")


def test_an_unknown_language_reads_english():
    assert [language_of(locale) for locale in ("en-US", "en-GB", "tlh", "")] == ["en"] * 4


def test_english_has_a_catalogue():
    assert "en" in languages()


def test_where_nobody_is_addressed_everything_is_english():
    assert say("engine-stopped") == announce("engine-stopped") == render("engine-stopped", "en")


async def test_an_audience_ends_with_its_task():
    async def speak() -> str:
        address(Audience(member="en", channel="en"))
        return say("engine-stopped")

    assert await asyncio.create_task(speak()) == say("engine-stopped")


def test_an_error_says_itself_in_english_and_to_the_member():
    error = QueueFull(2)
    assert str(error) == error.said() == render("queue-full", "en", {"waiting": 2})


def test_each_of_discords_locales_finds_its_catalogue():
    assert [language_of(locale) for locale in ("de", "pt-BR", "es-ES", "es-419", "zh-CN")] == [
        name if name in languages() else "en" for name in ("de", "pt-BR", "es", "es", "zh")
    ]


async def test_the_member_and_the_channel_may_read_different_languages():
    address(Audience(member="de", channel="en"))
    assert say("button-stop") == "Stopp"
    assert announce("button-stop") == "Stop"
    assert QueueFull(1).said() == render("queue-full", "de", {"waiting": 1}) != str(QueueFull(1))


def test_plurals_and_numbers_are_those_of_the_language():
    said = [render("queue-full", "de", {"waiting": waiting}) for waiting in (1, 2)]
    assert ["1 Nachricht wartet schon" in said[0], "2 Nachrichten warten schon" in said[1]] == [True, True]
    assert "12.345 Token" in render("prompt-too-long", "de", {"tokens": 12345, "limit": 2048})
