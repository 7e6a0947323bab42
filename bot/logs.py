"""Log lines: readable text by default, one JSON object a line on request.

Message text and tokens are never logged, at any level: libraries are heard from WARNING up only, since some of them
write what they send at DEBUG; addresses lose their tokens, and errors what they quote. What members typed is escaped by
`%r` where it must appear.
"""

import json
import logging
import re
import sys
import time
from typing import Any, Literal, TextIO

OURS = ("bot", "training", "stdout", "stderr", "__main__")

# Control characters could forge a line of the log or steer the terminal that shows it.
_VISIBLE = {code: repr(chr(code))[1:-1] for code in (*range(32), *range(127, 160), 0x2028, 0x2029) if code != 9}

_TOKENS = re.compile(
    r"((?:/webhooks/\d{1,20}/|/interactions/\d{1,20}/|\bBot ))[^\s/?\"']{8,}"
    r"|(?<![\w-])[\w-]{20,40}\.[\w-]{5,10}\.[\w-]{20,60}(?![\w-])"  # a bot's token
)
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


def configure_logging(level: str = "INFO", fmt: Literal["text", "json"] = "text", stream: TextIO | None = None) -> None:
    """Route all logging to one handler on `stream` (default: stderr)."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if fmt == "json" else TextFormatter())
    logging.basicConfig(level=max(logging.getLevelName(level), logging.WARNING), handlers=[handler], force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(level)


def logs_json() -> bool:
    """Whether `configure_logging` chose JSON."""
    return any(isinstance(handler.formatter, JsonFormatter) for handler in logging.getLogger().handlers)


def without_secrets(text: str) -> str:
    """`text` without the tokens of webhooks, interactions and bots."""
    return _TOKENS.sub(lambda found: f"{found[1] or ''}…", text)


def without_quotes(trace: str) -> str:
    """A traceback whose errors quote nothing but paths: what they quote may be what a member wrote."""
    lines, after_frame = [], False
    for line in trace.splitlines():
        frame = line.lstrip(" |+-").startswith('File "')
        source = after_frame and line.startswith("    ")
        lines.append(line if frame or source else _QUOTED.sub(_quoted, line))
        after_frame = frame or source
    return "\n".join(lines)


def _quoted(found: re.Match[str]) -> str:
    return found[0] if re.fullmatch(r"(/[\w.@-]{1,255}){2,64}", found[0][1:-1]) else "'…'"


class TextFormatter(logging.Formatter):
    """`12:03:07 INFO  bot.conversation  pirate: v2 speaks now (was v1)`; a line break cannot forge a line."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s  %(message)s", datefmt="%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's name)
        record.message = without_secrets(record.message).translate(_VISIBLE)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 (logging's name)
        """Set in: an error may quote what somebody typed, and no line of it may look like a line of the log."""
        lines = without_secrets(without_quotes(super().formatException(ei))).splitlines()
        return "\n".join(f"    | {line.translate(_VISIBLE)}" for line in lines)


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
        }
        if record.exc_info:
            line["exception"] = without_secrets(without_quotes(self.formatException(record.exc_info)))
        return json.dumps(line, ensure_ascii=False)
