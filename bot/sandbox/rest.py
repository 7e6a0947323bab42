"""The sandbox's REST API: authorisation, rate limits, recording, and simcord's routes behind them."""

import asyncio
import io
import json
import logging
import re
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import simcord.http.routes  # noqa: F401  # importing it registers the routes
from aiohttp import web
from simcord.backend.errors import BackendError
from simcord.http import router

from bot.sandbox import webhooks
from bot.sandbox.faults import Faults, RestFault
from bot.sandbox.gateway import Gateway
from bot.sandbox.interactions import Interactions
from bot.sandbox.world import World

log = logging.getLogger(__name__)

RECORDED_REQUESTS = 5_000
REMEMBERED_NONCES = 1_000
# Requests per seconds for each route that Discord limits per channel or webhook, as observed there.
_LIMITS: Mapping[str, tuple[int, float]] = {
    "POST /channels/{}/messages": (5, 5.0),
    "PATCH /channels/{}/messages/{}": (5, 5.0),
    "DELETE /channels/{}/messages/{}": (5, 1.0),
    "PUT /channels/{}/messages/{}/reactions/{}/@me": (1, 0.25),
    "POST /webhooks/{}/{}": (5, 2.0),
    "PATCH /webhooks/{}/{}/messages/{}": (5, 2.0),
}
_CALLBACK = re.compile(r"/interactions/(\d+)/[^/]+/callback")
# Without this header discord.py takes a 429 for a ban by the proxy in front of Discord.
_PROXY = {"Via": "1.1 sandbox"}


@dataclass(frozen=True)
class RecordedRequest:
    method: str
    path: str  # below /api/v10
    query: Mapping[str, str]
    body: Any  # parsed JSON, or None
    files: tuple[str, ...]
    status: int


@dataclass
class _Window:
    ends: float
    used: int = 0


class RateLimits:
    """One fixed window per limited route and channel (or webhook), as Discord's headers describe them."""

    def __init__(self) -> None:
        self._windows: dict[str, _Window] = {}

    def spend(self, method: str, path: str) -> tuple[bool, dict[str, str]]:
        """Whether the request is within its limit, and the X-RateLimit-* headers that say what is left."""
        route, resource = _route_of(method, path)
        if route not in _LIMITS:
            return True, {}
        limit, seconds = _LIMITS[route]
        now = time.monotonic()
        bucket = f"{route} {resource}"
        window = self._windows.get(bucket)
        if window is None or window.ends <= now:
            self._drop_ended(now)
            window = self._windows[bucket] = _Window(now + seconds)
        allowed = window.used < limit
        window.used += allowed
        reset_after = window.ends - now
        return allowed, {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(limit - window.used),
            "X-RateLimit-Reset": f"{time.time() + reset_after:.3f}",
            "X-RateLimit-Reset-After": f"{reset_after:.3f}",
            "X-RateLimit-Bucket": f"{hash(route) & 0xFFFFFFFF:08x}",
        }

    def _drop_ended(self, now: float) -> None:
        if len(self._windows) > 1_000:
            self._windows = {bucket: w for bucket, w in self._windows.items() if w.ends > now}


def _route_of(method: str, path: str) -> tuple[str, str]:
    """`PATCH /channels/1/messages/2` → its template and the channel (or webhook) that shares its bucket."""
    parts = path.strip("/").split("/")
    named = {"channels", "messages", "reactions", "webhooks", "@me"}
    template = "/".join(part if part in named else "{}" for part in parts)
    return f"{method} /{template}", "/".join(parts[1:3] if parts[0] == "webhooks" else parts[1:2])


class Rest:
    def __init__(self, world: World, gateway: Gateway, interactions: Interactions, token: str, faults: Faults) -> None:
        self.requests: deque[RecordedRequest] = deque(maxlen=RECORDED_REQUESTS)
        self._world = world
        self._gateway = gateway
        self._interactions = interactions
        self._authorization = f"Bot {token}".encode()
        self._faults = faults
        self._limits = RateLimits()
        self._sent: OrderedDict[tuple[str, str], Any] = OrderedDict()

    async def handle(self, request: web.Request) -> web.Response:
        method, path = request.method, request.rel_url.raw_path.removeprefix("/api/v10")
        body: Any = None
        files: list[Any] = []
        try:
            try:
                body, files = await _read(request)
            except ValueError:  # not UTF-8, or no proper multipart
                raise BackendError(400, 50109, "The request body contains invalid JSON.") from None
            response = await self._answer(request, method, path, body, files)
        except BackendError as error:
            response = _reply(error.to_json(), error.status)
        names = tuple(file.filename for file in files)
        self.requests.append(RecordedRequest(method, path, dict(request.query), body, names, response.status))
        return response

    async def _answer(self, request: web.Request, method: str, path: str, body: Any, files: list[Any]) -> web.Response:
        fault = self._faults.next_for(method, path)
        if fault is None:
            return self._answer_now(request, method, path, body, files)
        await asyncio.sleep(fault.delay)
        if fault.status is None:
            return self._answer_now(request, method, path, body, files)
        if fault.acted:
            self._answer_now(request, method, path, body, files)
        return _faulty(fault)

    def _answer_now(self, request: web.Request, method: str, path: str, body: Any, files: list[Any]) -> web.Response:
        if not self._authorised(request, path):
            return _reply({"message": "401: Unauthorized", "code": 0}, 401)
        allowed, headers = self._limits.spend(method, path)
        if not allowed:
            return _limited(float(headers["X-RateLimit-Reset-After"]), headers)
        if path in ("/gateway", "/gateway/bot"):
            return _reply(self._gateway_address())
        try:
            data = self._once(method, path, body, lambda: self._dispatch(request, method, path, body, files))
        except BackendError as error:
            return _reply(error.to_json(), error.status, headers)
        if path in ("/oauth2/applications/@me", "/applications/@me"):
            data = {**data, "flags": self._gateway.application_flags}
        if callback := _CALLBACK.fullmatch(path):
            self._interactions.answered(int(callback[1]))
            if request.query.get("with_response", "").lower() not in ("1", "true"):
                data = None
        return _reply(data, 200, headers)

    def _authorised(self, request: web.Request, path: str) -> bool:
        # Interaction and webhook addresses carry their own token.
        if re.match(r"/(interactions|webhooks)/\d+/[^/]+", path):
            return True
        given = request.headers.get("Authorization", "").encode(errors="surrogateescape")
        return secrets.compare_digest(given, self._authorization)

    def _once(self, method: str, path: str, body: Any, act: Callable[[], Any]) -> Any:
        """A message whose nonce was used a moment ago is not sent again: the first one is the answer."""
        if method != "POST" or not isinstance(body, dict) or not body.get("enforce_nonce") or not body.get("nonce"):
            return act()
        key = (path, str(body["nonce"]))
        if key not in self._sent:
            self._sent[key] = act()
            while len(self._sent) > REMEMBERED_NONCES:
                self._sent.popitem(last=False)
        return self._sent[key]

    def _gateway_address(self) -> dict[str, Any]:
        limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
        return {"url": self._gateway.url, "shards": 1, "session_start_limit": limit}

    def _dispatch(self, request: web.Request, method: str, path: str, body: Any, files: list[Any]) -> Any:
        params, readable = dict(request.query), self._gateway.reads_all_content
        try:
            if webhooks.is_own_message(self._world, method, path):
                context = router.RequestContext(
                    self._world, {}, body, params, files, method=method, path=path, message_content_access=readable
                )
                return webhooks.answer(context)
            return router.dispatch(
                self._world,
                method,
                path,
                json=body,
                params=params,
                files=files,
                reason=request.headers.get("X-Audit-Log-Reason"),
                message_content_access=readable,
            )
        except (router.RouteNotImplemented, router.UnsupportedField, NotImplementedError) as error:
            log.warning("the sandbox cannot do %s %s: %s", method, path, error)
            raise BackendError(501, 0, f"The sandbox does not implement this: {error}") from error
        except (ValueError, KeyError, TypeError) as error:
            log.debug("sandbox: malformed %s %s", method, path, exc_info=True)
            raise BackendError(400, 50035, f"Invalid Form Body: {error}") from error


async def _read(request: web.Request) -> tuple[Any, list[Any]]:
    """The JSON body and the uploaded files, whichever way the request carries them."""
    if not request.can_read_body:
        return None, []
    if not request.content_type.startswith("multipart/"):
        return _parse(await request.text()), []
    body: Any = None
    files: list[Any] = []
    async for part in await request.multipart():
        if getattr(part, "name", None) == "payload_json":
            body = _parse(await part.text())  # type: ignore[union-attr]  # discord.py never nests multiparts
        elif getattr(part, "filename", None):
            data = io.BytesIO(await part.read())  # type: ignore[union-attr]
            files.append(SimpleNamespace(fp=data, filename=part.filename, description=None))  # type: ignore[union-attr]
    for meta in (body.get("attachments") or []) if isinstance(body, dict) else []:
        index = str(meta.get("id"))
        if index.isdecimal() and int(index) < len(files):
            files[int(index)].description = meta.get("description")
    return body, files


def _parse(text: str) -> Any:
    return json.loads(text) if text else None


def _reply(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    headers = {**_PROXY, **(headers or {})}
    if data is None:
        return web.Response(status=204, headers=headers)
    body = json.dumps(data, default=str).encode()
    return web.Response(status=status, body=body, headers={"Content-Type": "application/json", **headers})


def _limited(retry_after: float, headers: Mapping[str, str], *, everywhere: bool = False) -> web.Response:
    body = {"message": "You are being rate limited.", "retry_after": retry_after, "global": everywhere}
    scope = (
        {"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"} if everywhere else {"X-RateLimit-Scope": "user"}
    )
    return _reply(body, 429, {**headers, **scope, "Retry-After": f"{retry_after:.3f}"})


def _faulty(fault: RestFault) -> web.Response:
    if fault.status == 429:
        reset = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": f"{fault.retry_after:.3f}"}
        return _limited(fault.retry_after, reset, everywhere=fault.everywhere)
    return _reply({"message": f"{fault.status}: ordered by a test", "code": 0}, fault.status or 500)
