"""Speaks to servers over HTTP: streams one completion, and looks how a server is."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import aiohttp

from bot.engine.vllm import dialect
from bot.engine.vllm.dialect import CompletionRequest, ListedModel, Piece
from bot.engine.vllm.faults import ServerLost
from bot.engine.vllm.options import VllmOptions

KEEP_ALIVE_S = 3.0  # uvicorn closes idle connections after 5: one that is reused must not be closing


class VllmClient:
    """Made and closed on one event loop. Whatever fails on the way raises ServerLost."""

    def __init__(self, options: VllmOptions) -> None:
        self._options = options
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_S),
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=options.connect_seconds, sock_read=options.silence_seconds
            ),
            headers={"Authorization": f"Bearer {options.key}"} if options.key else {},
        )

    async def close(self) -> None:
        await self._session.close()

    async def stream(self, url: str, ask: CompletionRequest) -> AsyncGenerator[Piece]:
        """Up to the piece with a finish reason. Leaving earlier closes the connection, which ends the request there.

        Raises ServerLost, ServerBusy or RequestRefused.
        """
        body = json.dumps(ask.body()).encode()
        try:
            response = await self._post(url, body)
            try:
                if response.status != 200:
                    raise dialect.refusal(response.status, await response.text(), response.headers.get("Retry-After"))
                async for line in response.content:
                    if (piece := dialect.piece_of(line)) is not None:
                        yield piece
                        if piece.finish_reason is not None:
                            return
            finally:
                response.close()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise ServerLost(f"{type(error).__name__}: {error}") from error
        raise ServerLost("its stream ended before the reply did")  # as that of a server that drains

    async def check_health(self, url: str) -> None:
        """Raises ServerLost unless the server says that it is well."""
        await self._get(url + dialect.HEALTH)

    async def model(self, url: str) -> ListedModel:
        """What the server serves. Raises ServerLost."""
        return dialect.model_of(json.loads(await self._get(url + dialect.MODELS)))

    async def version(self, url: str) -> str:
        return str(json.loads(await self._get(url + dialect.VERSION))["version"])

    async def _get(self, address: str) -> str:
        try:
            async with asyncio.timeout(self._options.connect_seconds), self._session.get(address) as got:
                if got.status != 200:
                    raise ServerLost(f"status {got.status}")
                return await got.text()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ServerLost(f"{type(error).__name__}: {error}") from error

    async def _post(self, url: str, body: bytes) -> aiohttp.ClientResponse:
        headers: dict[str, Any] = {"Content-Type": "application/json"}
        try:
            return await self._session.post(url + dialect.COMPLETIONS, data=body, headers=headers)
        except aiohttp.ServerDisconnectedError:  # an idle connection was closing: nothing has been answered yet
            return await self._session.post(url + dialect.COMPLETIONS, data=body, headers=headers)
