"""The local Discord itself: one HTTP server on loopback with REST, gateway, the page and the page's API.

Only holders of the per-start secret can use the page's API; only the bot token opens REST and the gateway.
"""

import asyncio
import errno
import json
import logging
import secrets
from collections import deque
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web
from pydantic import ValidationError
from simcord.backend.errors import BackendError, SetupError

from bot.errors import ConfigError, PortInUse, PublishError
from bot.sandbox.control import VERBS, Control
from bot.sandbox.control_error import ControlError
from bot.sandbox.faces import drawn_face
from bot.sandbox.faults import Faults
from bot.sandbox.feed import PROTOCOL, Feed
from bot.sandbox.gateway import Gateway
from bot.sandbox.interactions import ANSWER_SECONDS, Interactions
from bot.sandbox.loopback import is_loopback_host
from bot.sandbox.rest import RecordedRequest, Rest
from bot.sandbox.state import StateFile
from bot.sandbox.world import World

log = logging.getLogger(__name__)

MAX_UPLOAD = 26 * 2**20
STOP_SECONDS = 1.0
SAVE_SECONDS = 30.0
_PAGE_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
_INLINE_IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")


class SandboxServer:
    """Start it, then connect discord.py with `token` after `point_discord_at(api, gateway)`."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        secret: str | None = None,
        world: World | None = None,
        answer_seconds: float = ANSWER_SECONDS,
        message_content: bool = True,
        state: Path | None = None,
    ) -> None:
        """`answer_seconds`: how long the bot may take over its first answer to an interaction.

        `message_content`: whether the privileged intents are switched on; else asking for one is closed with 4014.
        `state`: a file that keeps the conversations across starts.
        """
        self.token = secrets.token_urlsafe(32)
        self.faults = Faults(disallowed_intents=not message_content)
        self._host = "127.0.0.1" if host == "localhost" else host  # one address, not IPv4 and IPv6 on two ports
        self._port = port
        self._secret = secret or secrets.token_urlsafe(24)
        self._world = world or World()
        self._bot_gateway = Gateway(self._world, self.token, self.faults)
        interactions = Interactions(self._world, answer_seconds)
        self._rest = Rest(self._world, self._bot_gateway, interactions, self.token, self.faults)
        self._feed = Feed(self._world, self._bot_gateway)
        self.control = Control(self._world, interactions)
        self._state = StateFile(state, self._world, self._secret) if state else None
        self._saving: asyncio.Task[None] | None = None
        self._runner: web.AppRunner | None = None

    # ------------------------------------------------------------------ life

    async def start(self) -> None:
        """Serve. Raises ConfigError for a host that is not this machine, PortInUse when the port is taken."""
        if not is_loopback_host(self._host):
            raise ConfigError(
                f"sandbox.host = {self._host!r}: the sandbox serves this machine only; use 127.0.0.1, ::1 or localhost."
            )
        app = web.Application(client_max_size=MAX_UPLOAD, middlewares=[self._guard])
        app.add_routes(
            [
                web.get("/gateway", self._bot_gateway.handle),
                web.route("*", "/api/v10/{path:.*}", self._rest.handle),
                web.get("/page/feed", self._serve_feed),
                web.post("/page/do/{verb}", self._act),
                web.get("/attachments/{key:.+}", self._serve_attachment),
                web.get("/faces/{emoji}", _serve_face),
                web.get("/{name:[a-z]*(\\.[a-z]+)?}", self._serve_page),
            ]
        )
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_SECONDS)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port).start()
        except OSError as error:
            await runner.cleanup()
            if error.errno == errno.EADDRINUSE:
                raise PortInUse(self._host, self._port) from None
            raise ConfigError(
                f"sandbox.host = {self._host!r}, sandbox.port = {self._port}: cannot listen there "
                f"({error.strerror}); use host 127.0.0.1 and a port above 1023."
            ) from None
        self._runner = runner
        self._port = runner.addresses[0][1]
        self._bot_gateway.url = self.gateway
        self._world.cdn.base_url = self._origin
        if self._state is not None:
            await self._open_state(self._state)

    async def _open_state(self, state: StateFile) -> None:
        try:
            state.load()
            self._secret = state.secret
        except ConfigError:
            await self.stop()
            raise
        self._saving = asyncio.create_task(_save_regularly(state))

    async def stop(self) -> None:
        """Close every connection and the port, in about a second at most."""
        if self._runner is None:
            return
        runner, self._runner = self._runner, None
        await self._bot_gateway.close()
        await self._feed.close()
        await runner.cleanup()
        if self._state is not None and self._saving is not None:
            self._saving.cancel()
            _save(self._state)

    # ------------------------------------------------------------------ addresses

    @property
    def _authority(self) -> str:
        return f"[{self._host}]:{self._port}" if ":" in self._host else f"{self._host}:{self._port}"

    @property
    def _origin(self) -> str:
        return f"http://{self._authority}"

    @property
    def url(self) -> str:
        """The page's address with its secret; the part after # never leaves the browser."""
        return f"{self._origin}/#key={self._secret}"

    @property
    def api(self) -> str:
        return f"{self._origin}/api/v10"

    @property
    def gateway(self) -> str:
        return f"ws://{self._authority}/gateway"

    def picture_of(self, emoji: str) -> str:
        """The address of a picture of the emoji, for who speaks through a webhook."""
        return f"{self._origin}/faces/{quote(emoji, safe='')}"

    # ------------------------------------------------------------------ for the app and for tests

    @property
    def demo_channels(self) -> dict[str, int]:
        return {channel.name: self._world.channel_id(channel.name) for channel in self._world.demo_channels}

    @property
    def guild_id(self) -> int:
        return int(self._world.guild.id)

    @property
    def bot_id(self) -> int:
        return int(self._world.bot_user.id)

    @property
    def members(self) -> dict[str, int]:
        """Ids by user name; the first one owns the server."""
        return {member.name: self._world.member_id(member.name) for member in self._world.demo_members}

    def dm_channel(self, member: int) -> int:
        return int(self._world.get_dm_channel(member).id)

    @property
    def bot_gateway(self) -> Gateway:
        """For wire tests: drop connections, invalidate sessions, ask to reconnect."""
        return self._bot_gateway

    @property
    def requests(self) -> deque[RecordedRequest]:
        """The bot's latest REST requests, oldest first."""
        return self._rest.requests

    def messages(self, channel: int) -> list[dict[str, Any]]:
        """The channel's messages as the page is shown them, oldest first, ephemeral ones included."""
        from bot.sandbox.view import message_view

        return [message_view(self._world, message) for message in self._world.messages[channel].values()]

    # ------------------------------------------------------------------ the page

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Refuse names that are not this machine (DNS rebinding) and other sites' pages (Origin)."""
        hosts = {f"{name}:{self._port}" for name in ("127.0.0.1", "localhost", "[::1]")} | {self._authority}
        if request.headers.get("Host") not in hosts:
            return web.Response(status=421, text="This is a local Discord; open it by the address it printed.")
        origin = request.headers.get("Origin")
        if origin is not None and origin != f"http://{request.headers['Host']}":
            return web.Response(status=403, text="Other sites may not use this local Discord.")
        response: web.StreamResponse = await handler(request)
        if not response.prepared:
            response.headers.update(self._safe_headers())
        return response

    def _safe_headers(self) -> dict[str, str]:
        return {
            "Content-Security-Policy": (
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                f"connect-src 'self' ws://{self._authority} ws://localhost:{self._port}; "
                "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            ),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "no-store",
        }

    def _holds_secret(self, given: str) -> bool:
        return secrets.compare_digest(given.encode(errors="surrogateescape"), self._secret.encode())

    async def _serve_page(self, request: web.Request) -> web.Response:
        name = request.match_info["name"] or "index.html"
        page = files("bot.sandbox") / "page" / name
        kind = _PAGE_TYPES.get(name.rpartition(".")[2])
        if kind is None or not page.is_file():
            return web.Response(status=404, text="There is no such page.")
        return web.Response(body=page.read_bytes(), content_type=kind, charset="utf-8")

    async def _serve_attachment(self, request: web.Request) -> web.Response:
        found = self._world.cdn.find(request.match_info["key"])
        if found is None:
            return web.Response(status=404, text="There is no such file.")
        kind, data = found
        disposition = "inline" if kind in _INLINE_IMAGES else "attachment"
        return web.Response(body=data, content_type=kind, headers={"Content-Disposition": disposition})

    async def _serve_feed(self, request: web.Request) -> web.StreamResponse:
        # A browser can give a WebSocket no header but its list of protocols.
        offered = [part.strip() for part in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
        if PROTOCOL not in offered or not any(self._holds_secret(p.removeprefix("key.")) for p in offered):
            return web.Response(status=401, text="Open the page by the address the sandbox printed.")
        return await self._feed.handle(request)

    async def _act(self, request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not self._holds_secret(given):
            return _refusal(401, "This page belongs to an earlier run: open the address the sandbox printed.")
        verb = request.match_info["verb"]
        if verb not in VERBS:
            return _refusal(404, f"The page cannot {verb}.")
        try:
            arguments = await request.json()
            if not isinstance(arguments, dict):
                raise ValueError("not an object")
        except ValueError:
            return _refusal(400, "The request must be a JSON object.")
        try:
            result = await getattr(self.control, verb)(**arguments)
        except ValidationError as error:
            return _refusal(400, f"{error.errors()[0]['loc'][0]}: {error.errors()[0]['msg']}")
        except (ControlError, SetupError) as error:
            return _refusal(400, str(error))
        except BackendError as error:
            return _refusal(error.status, f"{error.message}.")
        return web.Response(text=json.dumps(result, default=str), content_type="application/json")


async def _serve_face(request: web.Request) -> web.Response:
    return web.Response(text=drawn_face(request.match_info["emoji"]), content_type="image/svg+xml")


async def _save_regularly(state: StateFile) -> None:
    """So that a crash costs half a minute of conversation at most."""
    while True:
        await asyncio.sleep(SAVE_SECONDS)
        _save(state)


def _save(state: StateFile) -> None:
    try:
        state.save()
    except (OSError, PublishError) as error:
        log.warning("the sandbox's state could not be saved: %s", error)


def _refusal(status: int, sentence: str) -> web.Response:
    return web.Response(status=status, text=json.dumps({"error": sentence}), content_type="application/json")
