"""Points discord.py at a Discord on this machine, and refuses every other address.

The bot's token travels to whatever address is set here, so only loopback is accepted.
"""

import ipaddress
import logging
import re
from typing import Any
from urllib.parse import SplitResult, urlsplit

import discord.gateway
import discord.http
import yarl

from bot.errors import DiscordError

log = logging.getLogger(__name__)

_GATEWAY_SCHEMES = ("ws", "wss")
_EXAMPLES = {
    "TROUPE_DISCORD_API": "http://127.0.0.1:8710/api/v10",
    "TROUPE_DISCORD_GATEWAY": "ws://127.0.0.1:8710/gateway",
}


def point_discord_at(api: str, gateway: str) -> None:
    """Send all REST calls of this process to `api` and gateway connections to `gateway`.

    Both are needed: discord.py never asks REST for the gateway's address. Raises DiscordError for
    anything but http(s)/ws(s) to 127.0.0.0/8, ::1 or localhost.
    """
    _require_loopback("TROUPE_DISCORD_API", api, ("http", "https"))
    _require_loopback("TROUPE_DISCORD_GATEWAY", gateway, _GATEWAY_SCHEMES)
    discord.http.Route.BASE = api.rstrip("/")
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
    discord.gateway.DiscordWebSocket.gateway = _LocalAddress(yarl.URL(gateway))  # type: ignore[assignment]


class _LocalAddress:
    """Where a WebSocket of discord.py resumes its session. Discord names it in READY; another machine's is refused."""

    def __init__(self, local: yarl.URL) -> None:
        self._local = local

    def __get__(self, socket: Any, _owner: type) -> yarl.URL:
        chosen: yarl.URL = vars(socket).get("gateway", self._local)
        return chosen

    def __set__(self, socket: Any, named: yarl.URL) -> None:
        problem = _problem(str(named), _GATEWAY_SCHEMES)
        if problem:
            log.warning("the local Discord names another address to resume at; %s, so I stay at its own", problem)
        vars(socket)["gateway"] = self._local if problem else named


def is_loopback_host(host: str) -> bool:
    """Whether `host` names this machine only, without asking any name server."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _require_loopback(variable: str, value: str, schemes: tuple[str, ...]) -> None:
    problem = _problem(value, schemes)
    if problem:
        raise DiscordError(
            f"{variable} = {value!r}: {problem}; use an address on this machine such as {_EXAMPLES[variable]}, "
            "or unset it to use Discord itself."
        )


def _problem(value: str, schemes: tuple[str, ...]) -> str | None:
    # Browsers and URL libraries disagree about these characters; no honest address has them.
    if re.search(r"[\x00-\x20\\\x7f]", value):
        return "it contains characters that do not belong in an address"
    try:
        parts: SplitResult = urlsplit(value)
        _ = parts.port
    except ValueError:
        return "it is not an address"
    if parts.scheme not in schemes:
        return f"it must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}"
    if "@" in parts.netloc:
        return "a user name before the host is not allowed"
    if parts.query or parts.fragment:
        return "a query or fragment is not allowed"
    if not parts.hostname or not is_loopback_host(parts.hostname):
        return "its host is not this machine"
    return None
