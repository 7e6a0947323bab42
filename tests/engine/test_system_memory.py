"""Memory comes back from the C library when it is told to."""

import subprocess
import sys

import pytest

# Pieces of 2 MiB between smaller ones that stay: freed, they are holes in the heap, 128 MiB of them.
HOLES = """
import resource
from pathlib import Path
from bot.engine.system_memory import map_large_pieces

map_large_pieces()
first = b"x" * (16 << 20)
del first  # teaches the C library to take pieces of this size from the heap
pieces, smaller = [], []
for _ in range(64):
    pieces.append(b"x" * (2 << 20))
    smaller.append(b"x" * 100_000)
full = int(Path("/proc/self/statm").read_text().split()[1])
pieces.clear()
print((full - int(Path("/proc/self/statm").read_text().split()[1])) * resource.getpagesize() >> 20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and asks glibc")
def test_large_pieces_go_back_to_the_system_when_they_are_freed() -> None:
    done = subprocess.run([sys.executable, "-c", HOLES], check=True, capture_output=True)
    assert int(done.stdout) >= 120  # under 64 unless it is told
