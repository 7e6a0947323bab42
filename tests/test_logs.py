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
