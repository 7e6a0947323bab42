"""What a request that Discord refused means for the next one: whether it pays to ask again."""

import contextlib
from collections.abc import Iterator

import discord

TIMED_OUT = 408


class SilentRefusal(discord.HTTPException):
    """A refusal without an answer that discord.py could have read; handled wherever its own refusals are."""

    def __init__(self, status: int, text: str) -> None:
        Exception.__init__(self, text)
        self.status, self.code, self.text = status, 0, text


def is_final(error: BaseException) -> bool:
    """Whether the same request would be refused again. discord.py itself waits for rate limits and failing servers.

    A 429 that reaches us is none of those: Discord's front door has banned the address, or does not say until when.
    """
    return isinstance(error, discord.HTTPException) and 400 <= error.status < 500 and error.status != TIMED_OUT


@contextlib.contextmanager
def readable() -> Iterator[None]:
    """Turn what discord.py raises about a 429 that names no time to wait into a refusal like any other."""
    try:
        yield
    except KeyError as error:
        if error.args != ("retry_after",):
            raise
        raise SilentRefusal(429, "a rate limit without a time to wait") from error
