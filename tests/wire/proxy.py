"""A proxy between bot and sandbox that counts what the bot asks, and answers in Discord's stead when a test says so.

It knows nothing of the sandbox's own faults and records, so it is an independent view of both.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any

import aiohttp
import yarl
from aiohttp import WSMsgType, web

IDENTIFY, RESUME, INVALID_SESSION = 2, 6, 9
OF_DISCORD = {"Via": "1.1 discord"}  # what its front door adds; without it a 429 is the front door's own
_OF_THE_HOP = frozenset({"host", "content-length", "transfer-encoding", "connection", "date", "server"})


@dataclass(frozen=True)
class Refusal:
    """What Discord answers instead of acting. `code`: its JSON error code; `text`: the whole body, if no JSON."""

    status: int
    code: int = 0
    headers: Mapping[str, str] = field(default_factory=lambda: OF_DISCORD)
    text: str | None = None
    after_acting: bool = False  # the request is carried out all the same: only its answer is lost

    def response(self) -> web.Response:
        if self.text is not None:
            return web.Response(status=self.status, text=self.text, headers=self.headers)
        body = json.dumps({"message": "refused", "code": self.code}).encode()
        # discord.py reads only what says exactly this, as Discord does, and nothing about a charset.
        headers = {**self.headers, "Content-Type": "application/json"}
        return web.Response(status=self.status, body=body, headers=headers)


CLOUDFLARE_BAN = Refusal(429, headers={"Retry-After": "600"}, text="error code: 1015")
NO_TIME_TO_WAIT = Refusal(429, code=30046)
LOST_ANSWER = Refusal(502, text="Bad Gateway", after_acting=True)


@dataclass
class _Order:
    method: str
    path: str
    refusal: Refusal | None = None
    gate: asyncio.Event | None = None
    times: int = 1_000_000


@dataclass(frozen=True)
class Asked:
    """A request of the bot's and how it was answered."""

    method: str
    path: str
    status: int


class Proxy:
    def __init__(self, api: str, gateway: str) -> None:
        self.asked: list[Asked] = []
        self.opcodes: list[int] = []  # of the frames that the bot sent
        self.connects: list[str] = []  # the addresses, as the bot dialled them
        self.resume_address: str | None = None  # what READY names; None: this proxy
        self.removed: set[int] = set()  # servers and channels that the bot is not shown any more
        self._upstream_api, self._upstream_gateway = api, gateway
        self._orders: list[_Order] = []
        self._lines: set[web.WebSocketResponse] = set()
        self._is_cut_off = False

    async def __aenter__(self) -> "Proxy":
        self._session = aiohttp.ClientSession(auto_decompress=False)
        app = web.Application(client_max_size=2**25)
        app.add_routes([web.get("/gateway", self._carry_line), web.route("*", "/api/v10/{rest:.*}", self._carry)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.api, self.gateway = f"http://{host}:{port}/api/v10", f"ws://{host}:{port}/gateway"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut_off()
        await self._runner.cleanup()
        await self._session.close()

    # ------------------------------------------------------------------ orders

    def refuse(self, method: str, path: str, refusal: Refusal, times: int = 1_000_000) -> None:
        self._orders.append(_Order(method, path, refusal, times=times))

    def hold(self, method: str, path: str) -> asyncio.Event:
        """Keep such requests back until the event is set."""
        gate = asyncio.Event()
        self._orders.append(_Order(method, path, gate=gate))
        return gate

    def obey_no_more(self) -> None:
        self._orders.clear()

    async def cut_off(self) -> None:
        """End the bot's lines to the gateway and refuse new ones until `let_in`."""
        self._is_cut_off = True
        lines, self._lines = self._lines, set()
        await asyncio.gather(*(line.close(code=4000) for line in lines))

    def let_in(self) -> None:
        self._is_cut_off = False

    async def remove_unseen(self, place: int) -> None:
        """Remove a server or a channel while the bot is away for so long that its session ends."""
        self.removed.add(place)
        self.refuse("*", f"/channels/{place}*", Refusal(404, code=10003))
        await self.send(json.dumps({"op": INVALID_SESSION, "d": False}))

    async def tell(self, event: str, data: Any) -> None:
        """Send the bot an event that the sandbox would never send."""
        await self.send(json.dumps({"op": 0, "t": event, "s": None, "d": data}))

    async def send(self, frame: str) -> None:
        await asyncio.gather(*(line.send_str(frame) for line in self._lines))

    # ------------------------------------------------------------------ what was asked

    def count(self, method: str, path: str, *, refused: bool | None = None) -> int:
        """How many such requests the bot made; with `refused`, only those that were or were not refused."""
        return sum(
            fnmatch(asked.method, method)
            and fnmatch(asked.path, path)
            and (refused is None or refused == (asked.status >= 400))
            for asked in self.asked
        )

    # ------------------------------------------------------------------ REST

    async def _carry(self, request: web.Request) -> web.Response:
        path = request.rel_url.raw_path.removeprefix("/api/v10")
        order = self._order_for(request.method, path)
        if order and order.gate:
            await order.gate.wait()
        refusal = order.refusal if order else None
        answer = await self._forwarded(request) if refusal is None or refusal.after_acting else None
        response = refusal.response() if refusal else answer
        assert response is not None
        self.asked.append(Asked(request.method, path, response.status))
        return response

    def _order_for(self, method: str, path: str) -> _Order | None:
        for order in self._orders:
            if order.times > 0 and fnmatch(method, order.method) and fnmatch(path, order.path):
                order.times -= 1
                return order
        return None

    async def _forwarded(self, request: web.Request) -> web.Response:
        address = self._upstream_api.removesuffix("/api/v10") + request.rel_url.raw_path_qs
        async with self._session.request(
            request.method,
            yarl.URL(address, encoded=True),
            headers=_passed_on(request.headers),
            data=await request.read() or None,
            allow_redirects=False,
        ) as answer:
            return web.Response(
                status=answer.status, body=await answer.read() or None, headers=_passed_on(answer.headers)
            )

    # ------------------------------------------------------------------ gateway

    async def _carry_line(self, request: web.Request) -> web.StreamResponse:
        self.connects.append(f"{request.scheme}://{request.host}{request.path}")
        if self._is_cut_off:
            return web.Response(status=503)
        line = web.WebSocketResponse(max_msg_size=2**24, timeout=0.2)
        await line.prepare(request)
        # Without compression, so that the frames can be read on the way.
        query = {name: value for name, value in request.query.items() if name != "compress"}
        async with self._session.ws_connect(yarl.URL(self._upstream_gateway).with_query(query), max_msg_size=0) as up:
            self._lines.add(line)
            down = asyncio.create_task(self._downwards(up, line))
            try:
                await self._upwards(line, up)
            finally:
                said_goodbye = line in self._lines and line.close_code in (1000, 1001)
                self._lines.discard(line)
                await up.close(code=1000 if said_goodbye else 4000)
                down.cancel()
                await asyncio.gather(down, return_exceptions=True)
        return line

    async def _upwards(self, line: web.WebSocketResponse, up: aiohttp.ClientWebSocketResponse) -> None:
        async for message in line:
            if message.type is WSMsgType.TEXT:
                self.opcodes.append(json.loads(message.data)["op"])
                await up.send_str(message.data)

    async def _downwards(self, up: aiohttp.ClientWebSocketResponse, line: web.WebSocketResponse) -> None:
        async for message in up:
            if seen := self._seen_from_here(message.data):
                await line.send_str(seen)
        await line.close(code=up.close_code or 4000)

    def _seen_from_here(self, text: str) -> str | None:
        """The frame as the bot receives it; None for what it does not receive."""
        frame = json.loads(text)
        event, data = frame.get("t"), frame.get("d")
        if event == "READY":
            data["resume_gateway_url"] = self.resume_address or self.gateway
            data["guilds"] = self._still_there(data["guilds"])
        elif event == "GUILD_CREATE":
            data["channels"] = self._still_there(data["channels"])
            return json.dumps(frame) if self._still_there([data]) else None
        return json.dumps(frame)

    def _still_there(self, places: list[Any]) -> list[Any]:
        return [place for place in places if int(place["id"]) not in self.removed]


def _passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in _OF_THE_HOP}
