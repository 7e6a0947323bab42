"""A local Discord on loopback: REST, gateway and a browser page, for `make run` without a token and for wire tests.

`point_discord_at` is importable without the server's libraries, so that the app can use another local Discord.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bot.sandbox.loopback import point_discord_at

if TYPE_CHECKING:
    from bot.sandbox.server import SandboxServer

__all__ = ["SandboxServer", "point_discord_at"]


def __getattr__(name: str) -> Any:
    if name == "SandboxServer":
        with _quiet_import():
            from bot.sandbox.server import SandboxServer

        return SandboxServer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@contextmanager
def _quiet_import() -> Iterator[None]:
    """simcord probes discord.py with a client without intents as it is imported; nobody needs that warning."""
    loggers = [logging.getLogger(name) for name in ("discord.state", "discord.client")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
