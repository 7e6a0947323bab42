"""Log lines: readable text by default, one JSON object a line on request.

Message text and tokens are never logged; what members typed is escaped by `%r` where it must appear.
"""

import json
import logging
import sys
import time
from typing import Any, Literal, TextIO

NOISY = ("discord.client", "discord.gateway", "discord.http", "aiohttp.access", "asyncio")  # heard from WARNING up

# Control characters could forge a line of the log or steer the terminal that shows it.
_VISIBLE = {code: repr(chr(code))[1:-1] for code in (*range(32), *range(127, 160), 0x2028, 0x2029) if code != 9}


def configure_logging(level: str = "INFO", fmt: Literal["text", "json"] = "text", stream: TextIO | None = None) -> None:
    """Route all logging to one handler on `stream` (default: stderr)."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if fmt == "json" else TextFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in NOISY:
        logging.getLogger(noisy).setLevel(max(logging.getLevelName(level), logging.WARNING))


def logs_json() -> bool:
    """Whether `configure_logging` chose JSON."""
    return any(isinstance(handler.formatter, JsonFormatter) for handler in logging.getLogger().handlers)


class TextFormatter(logging.Formatter):
    """`12:03:07 INFO  bot.conversation  pirate: v2 speaks now (was v1)`; a line break cannot forge a line."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s  %(message)s", datefmt="%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's name)
        record.message = record.message.translate(_VISIBLE)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 (logging's name)
        """Set in: an error may quote what somebody typed, and no line of it may look like a line of the log."""
        lines = super().formatException(ei).splitlines()
        return "\n".join(f"    | {line.translate(_VISIBLE)}" for line in lines)


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
