"""A server that speaks vLLM's dialect over real HTTP: what it says is scripted, and so is how it fails."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from aiohttp import web


class Fault(StrEnum):
    """What befalls a request, after `after` tokens of its answer."""

    CLOSES = "the connection closes before an answer"
    DIES = "the connection is reset"
    FALLS_SILENT = "nothing more comes"
    DRAINS = "the stream ends without a reason"
    ENGINE_DIES = "an error in the stream, then its end"
    BUSY = "503"
    LIMITED = "429"
    BROKEN = "500"
    NO_ADAPTER = "404"
    BAD_REQUEST = "400"


REFUSALS = {Fault.BUSY: 503, Fault.LIMITED: 429, Fault.BROKEN: 500, Fault.NO_ADAPTER: 404, Fault.BAD_REQUEST: 400}


@dataclass
class ScriptedServer:
    """Answers every request with `says`: one that has a beginning of it at its prompt's end gets the rest.

    `faults`: of the next requests, one each, with the number of tokens said before; None: none. `holds`: tokens after
    which it waits for `go`.
    """

    says: Sequence[int]
    end_id: int
    model: str
    context_tokens: int = 256
    faults: deque[tuple[Fault, int] | None] = field(default_factory=deque)
    well: bool = True
    holds: int | None = None
    go: asyncio.Event = field(default_factory=asyncio.Event)
    requests: list[dict[str, Any]] = field(default_factory=list)
    open: int = 0
    url: str = ""

    @asynccontextmanager
    async def serve(self) -> AsyncIterator["ScriptedServer"]:
        app = web.Application()
        app.router.add_get("/health", self._health)
        app.router.add_get("/version", self._version)
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/completions", self._complete)
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            self.go.set()
            await runner.cleanup()

    async def _health(self, _: web.Request) -> web.Response:
        return web.Response(status=200 if self.well else 503)

    async def _version(self, _: web.Request) -> web.Response:
        return web.json_response({"version": "0.32.0"})

    async def _models(self, _: web.Request) -> web.Response:
        card = {"id": "base", "root": self.model, "parent": None, "max_model_len": self.context_tokens}
        return web.json_response({"object": "list", "data": [card]})

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.requests.append(body)
        self.open += 1
        try:
            return await self._answer(request, body)
        finally:
            self.open -= 1

    async def _answer(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        fault, after = (self.faults.popleft() if self.faults else None) or (None, -1)
        if fault in REFUSALS:
            return web.json_response({"error": {"message": fault.value}}, status=REFUSALS[fault])
        if fault is Fault.CLOSES:
            assert request.transport is not None
            request.transport.close()
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        rest = self._rest(body)
        for place in range(len(rest) + 1):
            if place == after and fault is not None:
                return await self._fail(request, response, fault)
            if place == self.holds:
                await self.go.wait()
            if place < len(rest):
                await self._send(response, [rest[place]], None)
        await self._send(response, [], "length")
        return response

    async def _send(self, response: web.StreamResponse, ids: list[int], reason: str | None) -> None:
        if ids and ids[0] == self.end_id:
            reason = "stop"
        choice = {"index": 0, "text": "", "token_ids": ids, "finish_reason": reason, "stop_reason": None}
        await response.write(f"data: {json.dumps({'object': 'text_completion', 'choices': [choice]})}\n\n".encode())

    async def _fail(self, request: web.Request, response: web.StreamResponse, fault: Fault) -> web.StreamResponse:
        if fault is Fault.DIES:
            assert request.transport is not None
            request.transport.abort()
        elif fault is Fault.FALLS_SILENT:
            await self.go.wait()
        elif fault is Fault.ENGINE_DIES:
            await response.write(b'data: {"error": {"message": "EngineCore encountered an issue", "code": 500}}\n\n')
            await response.write(b"data: [DONE]\n\n")
        return response

    def _rest(self, body: dict[str, Any]) -> list[int]:
        """What is left to say, without what must not come, as many tokens as are asked for."""
        prompt, whole = body["prompt"], [*self.says, self.end_id]
        said = next(n for n in range(len(self.says), -1, -1) if prompt[len(prompt) - n :] == list(self.says[:n]))
        return [token for token in whole[said:] if str(token) not in body.get("logit_bias", {})][: body["max_tokens"]]
