"""Reads the small files of a persona's folder, whatever somebody put in their place."""

import json
import stat
from pathlib import Path
from typing import Any

LARGEST = 32 << 20  # bytes; the manifest of a version that learned from a million replies has a third of it
LAST_SECOND = 253_402_300_799  # of the year 9999, in unix seconds


def read_bytes(file: Path, most: int = LARGEST) -> bytes:
    """Raises OSError for what is no ordinary file (a pipe would be waited for) or holds more than `most` bytes."""
    if not stat.S_ISREG(file.stat().st_mode):
        raise OSError("it is not an ordinary file")
    with file.open("rb") as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise OSError(f"it holds more than {most:,} bytes")
    return data


def read_json(file: Path, most: int = LARGEST) -> Any:
    """Its value. Raises OSError, or ValueError also for what is nested too deeply or holds halves of characters."""
    text = read_bytes(file, most).decode("utf-8")
    try:
        value = json.loads(text)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return value


def whole_number(value: object, most: int) -> int:
    """A number from 1 to `most`, as JSON has it. Raises ValueError."""
    if type(value) is not int or not 1 <= value <= most:
        raise ValueError(f"{str(value)[:40]} is no whole number from 1 to {most}")
    return value


def moment(value: object) -> float:
    """Unix seconds. Raises ValueError for what is no number, and for what no calendar shows."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LAST_SECOND:
        raise ValueError(f"{str(value)[:40]} is no time in unix seconds")
    return float(value)
