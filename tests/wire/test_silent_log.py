"""At DEBUG, over an evening on the wire: the log holds no word of a message and no token."""

import io
import logging
import re
from collections.abc import Iterator

import pytest

from bot.logs import OURS, configure_logging
from tests.wire.stage import Stage

QUESTION, EDITED, ANSWER, BETTER = "quokkafish", "wombatbird", "numbatmoth", "dingoworm"
TOKENS = re.compile(r"/(?:webhooks|interactions)/\d+/([^/?]+)")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """As `bot run` with logging.level = DEBUG writes it."""
    before = [(logger, logger.level, logger.handlers[:]) for logger in map(logging.getLogger, ["", *OURS])]
    stream = io.StringIO()
    configure_logging("DEBUG", "text", stream)
    yield stream
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers


async def test_no_word_of_a_message_and_no_token_is_in_the_log(log: io.StringIO, stage: Stage) -> None:
    stage.engine.says(ANSWER)
    reply = await stage.answered(f"What is a {QUESTION}?")
    stored = await stage.stored(reply)
    asked = stored.record.asked_message_id or 0
    await stage.press(reply, "👎")
    await stage.react(reply, "👍")
    control, where = stage.server.control, {"member": stage.mika, "channel": stage.tavern}
    await control.edit(**where, message=asked, content=f"<@{stage.server.bot_id}> {EDITED}")
    await stage.store.add_correction(stored.id, stage.mika, BETTER)
    await stage.slash("privacy")
    await stage.slash("forget")
    stage.server.faults.fail("POST", "/channels/*/messages")
    await stage.say(f"And a {QUESTION}?")
    await control.delete(**where, message=asked)
    await stage.settled()

    assert log.getvalue()
    for word in (QUESTION, EDITED, ANSWER, BETTER, stage.server.token):
        assert word not in log.getvalue()
    tokens = {token for request in stage.server.requests for token in TOKENS.findall(request.path)}
    assert tokens
    assert not [token for token in tokens if token in log.getvalue()]
