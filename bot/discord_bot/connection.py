"""Stays connected to Discord: back-off with jitter, and refusals that are final. Never logs the token.

discord.py gives up on a first connect that fails and on what it cannot read, and it reconnects without back-off after
several close codes. So `run_supervised` stands around it.
"""

import asyncio
import contextlib
import logging
import random
import re
import time
from collections.abc import Awaitable, Callable

import aiohttp
import discord

from bot.discord_bot.client import TroupeBot
from bot.errors import DiscordError

log = logging.getLogger(__name__)

PORTAL = "https://discord.com/developers/applications"
RESET = f"create or reset it at {PORTAL} (your application → Bot → Reset Token) and set DISCORD_TOKEN"
_PASSING = (OSError, aiohttp.ClientError, TimeoutError, discord.GatewayNotFound, discord.DiscordServerError)
_FINAL_CLOSES = {
    4004: f"Discord refused the token: {RESET}.",
    4010: "Discord refused the connection: the shard number is not valid.",
    4011: "Discord refused the connection: the bot is in too many servers for one connection (sharding is needed).",
    4012: "Discord refused the connection: this version of discord.py is too old; update it.",
    4013: "Discord refused the connection: it does not know an intent the bot asked for; update discord.py.",
}
_INTENT_MISSING = (
    "Discord refused a privileged intent (close code 4014): "
    f"switch it on at {PORTAL} (your application → Bot → Privileged Gateway Intents), "
    "or set discord.message_content = false and discord.members = false."
)


class Backoff:
    """Seconds to wait before the next try: doubling from `first` to `longest`, each shortened by up to a half.

    A connection that held for `healthy` seconds starts over.
    """

    def __init__(self, first: float = 1.0, longest: float = 300.0, healthy: float = 120.0) -> None:
        self._first, self._longest, self.healthy = first, longest, healthy
        self._tries = 0

    def next_delay(self) -> float:
        full = min(self._longest, self._first * 2.0 ** min(self._tries, 30))
        self._tries += 1
        return full * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        self._tries = 0


async def run_supervised(
    make_client: Callable[[], TroupeBot],
    token: str,
    *,
    backoff: Backoff | None = None,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Keep a client connected until it is closed on purpose or the task is cancelled.

    `make_client` is called again for every try to log in; after that one client lives through all reconnects, so
    that replies under way go on. Raises DiscordError with the remedy when Discord's refusal is final.
    """
    token = checked_token(token)
    backoff = backoff or Backoff()
    client = await _logged_in(make_client, token, backoff, sleep)
    try:
        while True:
            started = clock()
            await _connect(client)
            if client.is_closed():
                return
            if clock() - started >= backoff.healthy:
                backoff.reset()
            delay = backoff.next_delay()
            log.warning("connecting to Discord again in %.1f s", delay)
            await sleep(delay)
    finally:
        await client.close()


def checked_token(token: str) -> str:
    """The token without surrounding blanks. Raises DiscordError for what cannot be one."""
    token = token.strip()
    if not token:
        raise DiscordError(f"DISCORD_TOKEN is empty: {RESET}.")
    if re.match(r"(bot|bearer)\s", token, re.IGNORECASE):
        raise DiscordError("DISCORD_TOKEN starts with “Bot ”: set only the token that follows it.")
    if token[0] in "\"'" or token[-1] in "\"'":
        raise DiscordError("DISCORD_TOKEN is in quotation marks: remove them.")
    if not re.fullmatch(r"[\x21-\x7e]{1,512}", token):
        raise DiscordError(f"DISCORD_TOKEN contains blanks or characters no token has: {RESET}.")
    return token


async def _logged_in(
    make_client: Callable[[], TroupeBot], token: str, backoff: Backoff, sleep: Callable[[float], Awaitable[object]]
) -> TroupeBot:
    while True:
        client = make_client()
        try:
            await client.login(token)
        except BaseException as error:
            await client.close()
            if not isinstance(error, Exception):
                raise
            _raise_final(error, token)
            if not isinstance(error, _PASSING) and not _is_rate_limit(error):
                raise
            delay = backoff.next_delay()
            log.warning("Discord cannot be reached (%s); trying again in %.1f s", _brief(error), delay)
            await sleep(delay)
        else:
            return client


async def _connect(client: TroupeBot) -> None:
    """One connection with discord.py's own reconnects; returns when it ended in a way that may be tried again."""
    client.flapping.clear()
    connection = asyncio.create_task(client.connect())
    flapping = asyncio.create_task(client.flapping.wait())
    try:
        await asyncio.wait({connection, flapping}, return_when=asyncio.FIRST_COMPLETED)
        if not connection.done():
            log.warning("the connection to Discord keeps getting lost")
            return
        await connection
    except Exception as error:  # also a bug in discord.py must not end the bot
        _raise_final(error, "")
        if isinstance(error, _PASSING):
            log.warning("the connection to Discord ended (%s)", _brief(error))
        else:
            log.exception("the connection to Discord broke")
    finally:
        flapping.cancel()
        await _ended(connection)
        await _hang_up(client)


async def _ended(task: asyncio.Task[None]) -> None:
    """Cancel until it ends: `asyncio.wait_for`, which discord.py connects with, swallows a cancellation that meets
    the end of what it waits for (Python 3.11), and discord.py would then reconnect for ever."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=0.5)


async def _hang_up(client: TroupeBot) -> None:
    """Close what connect() left open when it broke: its heartbeat thread would keep the old session alive."""
    if client.ws is not None:
        with contextlib.suppress(Exception):
            await client.ws.close()


def _raise_final(error: Exception, token: str) -> None:
    """Raise DiscordError for a refusal that no further try can change."""
    if isinstance(error, discord.LoginFailure):
        hint = " It does not look like a bot token (those have two dots)." if token.count(".") != 2 else ""
        raise DiscordError(f"Discord refused the token in DISCORD_TOKEN.{hint} Please {RESET}.") from None
    if isinstance(error, discord.PrivilegedIntentsRequired):
        raise DiscordError(_INTENT_MISSING) from None
    if isinstance(error, discord.ConnectionClosed) and error.code in _FINAL_CLOSES:
        raise DiscordError(_FINAL_CLOSES[error.code]) from None
    if isinstance(error, discord.HTTPException) and 400 <= error.status < 500 and not _is_rate_limit(error):
        raise DiscordError(f"Discord refused the start ({error.status}, code {error.code}): check the application.")


def _is_rate_limit(error: Exception) -> bool:
    return isinstance(error, discord.RateLimited) or (isinstance(error, discord.HTTPException) and error.status == 429)


def _brief(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]
