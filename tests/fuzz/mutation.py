"""Bytes made from good ones by small accidents: the same ones for the same seed."""

import random
from collections.abc import Callable, Iterator

# What parsers stumble over: ends of things, numbers that are none, text that is no text.
SPLINTERS = (
    b"", b"\x00", b"\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\n", b",", b'"', b"'", b"\\", b"{", b"}", b"[", b"]",
    b":", b"=", b"null", b"true", b"NaN", b"Infinity", b"-1", b"0", b"1e999", b"9" * 5000, b'"\\ud800"', b"\\u0000",
    "٣".encode(), "\u202e".encode(),
    b"[" * 3000, b'{"a":' * 3000, b"{}", b"[]", b'""', b"{{user}}", b"<START>", b"<think>",
)  # fmt: skip


def mutants(good: bytes, count: int, seed: str) -> Iterator[bytes]:
    chance = random.Random(seed)
    for _ in range(count):
        data = good
        for _ in range(chance.randint(1, 4)):
            data = chance.choice(ACCIDENTS)(data, chance)
        yield data


def _place(data: bytes, chance: random.Random) -> tuple[int, int]:
    """A stretch of it; mostly a short one."""
    start = chance.randint(0, len(data))
    return start, min(len(data), start + int(chance.expovariate(1 / 8)))


def _flipped(data: bytes, chance: random.Random) -> bytes:
    start, _ = _place(data, chance)
    return data[:start] + bytes([chance.randrange(256)]) + data[start + 1 :]


def _cut_out(data: bytes, chance: random.Random) -> bytes:
    start, end = _place(data, chance)
    return data[:start] + data[end:]


def _said_twice(data: bytes, chance: random.Random) -> bytes:
    start, end = _place(data, chance)
    return data[:end] + data[start:]


def _splintered(data: bytes, chance: random.Random) -> bytes:
    start, end = _place(data, chance)
    return data[:start] + chance.choice(SPLINTERS) + data[end:]


def _value_changed(data: bytes, chance: random.Random) -> bytes:
    """What stands between a colon or an equals sign and the next comma, brace or line's end."""
    start = max(data.find(mark, _place(data, chance)[0]) for mark in (b":", b"=")) + 1
    end = min((place for mark in b",}\n" if (place := data.find(mark, start)) >= 0), default=len(data))
    return data[:start] + chance.choice(SPLINTERS) + data[end:]


def _broken_off(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randint(0, len(data))]


Accident = Callable[[bytes, random.Random], bytes]
ACCIDENTS: tuple[Accident, ...] = (
    _flipped,
    _cut_out,
    _said_twice,
    _splintered,
    _value_changed,
    _value_changed,
    _broken_off,
)
