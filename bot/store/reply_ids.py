"""The ids of replies: in the order of time, as conversations need them, and not to be counted.

A button names its reply, so that whoever knows one id must not know the next.
"""

import secrets
import time

RANDOM_BITS = 21


def next_id() -> int:
    """Milliseconds since 1970, and chance below them. 63 bits are enough until the year 2109."""
    return (time.time_ns() // 1_000_000 << RANDOM_BITS) | secrets.randbits(RANDOM_BITS)
