import io
import json
import logging

import pytest

from bot.logs import configure_logging


@pytest.fixture(autouse=True)
def _restore_logging():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_line_break_typed_by_a_member_cannot_forge_a_log_line():
    stream = io.StringIO()
    configure_logging(stream=stream)
    logging.getLogger("bot.test").warning("hello %s", "x\n12:00:00 ERROR forged")
    assert stream.getvalue().count("\n") == 1


def test_an_error_that_quotes_a_member_cannot_forge_a_log_line_or_steer_the_terminal():
    stream = io.StringIO()
    configure_logging(stream=stream)
    try:
        raise ValueError("x\n12:00:00 ERROR forged\u2028again\x1b[2J")
    except ValueError:
        logging.getLogger("bot.test").exception("it failed for %s", "y\x1b[2J\x85z")
    first, *others = stream.getvalue().split("\n")[:-1]
    assert first.endswith("it failed for y\\x1b[2J\\x85z")
    assert all(line.startswith("    | ") for line in others)
    assert "\x1b" not in stream.getvalue()
    assert "\u2028" not in stream.getvalue()


def test_json_logs_are_one_object_a_line_with_the_traceback():
    stream = io.StringIO()
    configure_logging(fmt="json", stream=stream)
    try:
        raise ValueError("why")
    except ValueError:
        logging.getLogger("bot.test").exception("it failed")
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["message"] == "it failed"
    assert "ValueError: why" in json.loads(line)["exception"]


@pytest.mark.parametrize(
    "secret",
    [
        "https://discord.com/api/v10/webhooks/1234567890/aW50ZXJhY3Rpb246MTIz-_x/messages/@original",
        "POST /interactions/1234567890/aW50ZXJhY3Rpb246MTIz/callback",
        "Authorization: Bot MTIzNDU2Nzg5MDEyMzQ1Njc4.GhIjKl.abcdefghijklmnopqrstuvwxyz0123456789AB",
        "MTIzNDU2Nzg5MDEyMzQ1Njc4.GhIjKl.abcdefghijklmnopqrstuvwxyz0123456789AB",
    ],
)
@pytest.mark.parametrize("fmt", ["text", "json"])
def test_tokens_are_taken_out_whoever_logs_them(fmt, secret):
    stream = io.StringIO()
    configure_logging(fmt=fmt, stream=stream)
    logging.getLogger("discord.webhook.async_").warning("We are being rate limited: %s", secret)
    assert "rate limited" in stream.getvalue()
    assert "aW50ZXJhY3" not in stream.getvalue()
    assert "abcdefghij" not in stream.getvalue()


@pytest.mark.parametrize("fmt", ["text", "json"])
def test_a_traceback_quotes_no_words(fmt):
    stream = io.StringIO()
    configure_logging(fmt=fmt, stream=stream)
    try:
        try:
            int("my secret words")
        except ValueError as error:
            raise KeyError("more of them") from error
    except KeyError:
        logging.getLogger("bot.test").exception("it failed")
    for shown in ("KeyError", "ValueError", "test_logs.py", "invalid literal for int() with base 10"):
        assert shown in stream.getvalue()
    assert "base 10: 'my secret" not in stream.getvalue()
    assert "KeyError: 'more" not in stream.getvalue()


def test_libraries_are_not_heard_below_warning_at_any_level():
    stream = io.StringIO()
    configure_logging("DEBUG", stream=stream)
    for name in ("aiosqlite", "discord.http", "discord.webhook.async_", "discord.gateway", "one.we.never.heard.of"):
        logging.getLogger(name).debug("executing INSERT INTO replies VALUES ('secret')")
        logging.getLogger(name).info("secret")
    logging.getLogger("bot.test").debug("ours")
    assert "secret" not in stream.getvalue()
    assert "ours" in stream.getvalue()
