"""A local Discord on loopback: REST, gateway and a browser page, for `make run` without a token and for wire tests.

`point_discord_at` is importable without the server's libraries, so that the app can use another local Discord.
"""

from typing import TYPE_CHECKING, Any

from bot.sandbox.loopback import point_discord_at

if TYPE_CHECKING:
    from bot.sandbox.server import SandboxServer

__all__ = ["SandboxServer", "point_discord_at"]


def __getattr__(name: str) -> Any:
    if name == "SandboxServer":
        from bot.sandbox.server import SandboxServer

        return SandboxServer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
