"""Turns whatever is printed, by us, a library or its C code, into records of the log: with JSON logs, nothing else may
stand on stdout and stderr.
"""

import contextlib
import logging
import os
import re
import sys
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import TextIO

STDOUT, STDERR = 1, 2
LONGEST_LINE = 65_536


@contextlib.contextmanager
def everything_logged() -> Iterator[TextIO]:
    """While the block runs, lines on stdout and stderr become records. Yields where the log itself goes: stderr.

    What ends the process afterwards is logged as well.
    """
    log_stream = os.fdopen(os.dup(STDERR), "w", encoding="utf-8", buffering=1)  # open for as long as the process lives
    logging.captureWarnings(True)
    sys.excepthook = _log_the_end
    threading.excepthook = _log_a_threads_end
    with _captured(STDOUT, logging.INFO), _captured(STDERR, logging.WARNING):
        yield log_stream


@contextlib.contextmanager
def _captured(descriptor: int, level: int) -> Iterator[None]:
    """A pipe in the descriptor's place, read by a thread until the block ends."""
    stream = sys.stdout if descriptor == STDOUT else sys.stderr
    stream.flush()
    original = os.dup(descriptor)
    reading, writing = os.pipe()
    os.dup2(writing, descriptor)
    os.close(writing)
    name = "stdout" if descriptor == STDOUT else "stderr"
    reader = threading.Thread(target=_log_lines, args=(reading, logging.getLogger(name), level), daemon=True)
    reader.start()
    try:
        yield
    finally:
        stream.flush()
        os.dup2(original, descriptor)
        os.close(original)
        reader.join(timeout=5.0)  # a child process may hold the other end


def _log_lines(descriptor: int, log: logging.Logger, level: int) -> None:
    with open(descriptor, "rb", buffering=0) as pipe:
        rest = b""
        while chunk := pipe.read(LONGEST_LINE):
            *lines, rest = re.split(rb"[\r\n]", rest + chunk)
            if len(rest) > LONGEST_LINE:
                lines, rest = [*lines, rest], b""
            for line in lines:
                _log_line(log, level, line)
        _log_line(log, level, rest)


def _log_line(log: logging.Logger, level: int, line: bytes) -> None:
    if text := line.decode("utf-8", "replace").strip():
        log.log(level, "%s", text)


def _log_the_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("bot").critical("Troupe ends with an unexpected error", exc_info=(kind, error, trace))


def _log_a_threads_end(ended: threading.ExceptHookArgs) -> None:
    error = ended.exc_value or ended.exc_type()
    logging.getLogger("bot").error("a thread ended with an unexpected error", exc_info=error)
