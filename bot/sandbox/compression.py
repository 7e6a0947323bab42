"""The two transport compressions discord.py asks for, each one stream per connection."""

import zlib
from typing import Protocol

_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_NO_OPTIONS = b"\x00"
_WINDOW_128K = b"\x38"
_BLOCK_BYTES = 128 * 1024


class Compressor(Protocol):
    def compress(self, data: bytes) -> bytes: ...


class ZlibStream:
    """`compress=zlib-stream`: each message ends with a sync flush."""

    def __init__(self) -> None:
        self._stream = zlib.compressobj()

    def compress(self, data: bytes) -> bytes:
        return self._stream.compress(data) + self._stream.flush(zlib.Z_SYNC_FLUSH)


class ZstdStream:
    """`compress=zstd-stream`, which discord.py asks for where a zstd library is present (Python 3.14 has one).

    One endless frame of raw blocks (RFC 8878 §3.1.1): on loopback nothing is gained by compressing,
    and so the sandbox needs no such library.
    """

    def __init__(self) -> None:
        self._header = _ZSTD_MAGIC + _NO_OPTIONS + _WINDOW_128K

    def compress(self, data: bytes) -> bytes:
        blocks = [data[start : start + _BLOCK_BYTES] for start in range(0, len(data), _BLOCK_BYTES)]
        framed = self._header + b"".join((len(block) << 3).to_bytes(3, "little") + block for block in blocks)
        self._header = b""
        return framed


_STREAMS: dict[str, type[ZlibStream] | type[ZstdStream]] = {"zlib-stream": ZlibStream, "zstd-stream": ZstdStream}


def compressor_for(name: str | None) -> Compressor | None:
    """The compressor for a gateway address's `compress` parameter; None sends plain text."""
    stream = _STREAMS.get(name or "")
    return stream() if stream else None
