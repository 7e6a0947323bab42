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
