"""Has a server speak one reply, and takes only what the reply's rules allow: whatever it sends, the rules hold."""

import time
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from bot.engine.live_request import LiveRequest
from bot.engine.request import FinishReason
from bot.engine.step_times import StepTimes
from bot.engine.vllm.client import VllmClient
from bot.engine.vllm.dialect import CompletionRequest, Piece
from bot.engine.vllm.faults import ServerLost
from bot.engine.vllm.servers import Server

# Tokens refused, one after another and in all, before a reply that finds none ends where it is.
MOST_REFUSED = 64


class Speech:
    """One attempt to have a reply spoken. It goes on where the reply is: what has been said is part of the prompt."""

    def __init__(self, live: LiveRequest, adapter: str, constraint: Mapping[str, Any], attempt: int) -> None:
        self._live = live
        self._adapter = adapter
        self._constraint = constraint
        self._asked = attempt  # each ask draws other random numbers: the same ones would begin the reply anew
        self._never: set[int] = set()

    async def run(self, server: Server, client: VllmClient, times: StepTimes) -> None:
        """Until the reply has ended. Raises ServerLost, ServerBusy or RequestRefused."""
        for _ in range(MOST_REFUSED):
            refused = await self._listen(server, client, times)
            if refused is None:
                return
            self._never.add(refused)
        self._live.end(FinishReason.STOP)

    async def _listen(self, server: Server, client: VllmClient, times: StepTimes) -> int | None:
        """The token that the rules refuse next; None when the reply has ended."""
        read = 0 if self._live.completion_ids else len(self._live.ids)
        last = time.perf_counter()
        async with aclosing(client.stream(server.url, self._ask())) as pieces:
            async for piece in pieces:
                server.answered()
                now = time.perf_counter()
                times.took((now - last) / max(len(piece.token_ids), 1), decoded=0 if read else 1, read=read)
                last, read = now, 0
                if (refused := self._take(piece)) is not None:
                    return refused
                if self._live.ended:
                    return None
        raise ServerLost("it ended a reply without a reason")

    def _take(self, piece: Piece) -> int | None:
        live = self._live
        for token in piece.token_ids:
            if not live.allows(token):
                return token
            live.accept(token)
            self._never.clear()
            if live.ended:
                return None
        if piece.finish_reason == "stop":
            live.end(FinishReason.STOP, by_model=True)
        elif piece.finish_reason == "length":
            live.end(FinishReason.LENGTH)
        return None

    def _ask(self) -> CompletionRequest:
        live, self._asked = self._live, self._asked + 1
        sampling = live.request.sampling
        left = sampling.max_tokens - len(live.completion_ids)
        return CompletionRequest(
            adapter=self._adapter,
            prompt_ids=tuple(live.ids),
            sampling=sampling,
            seed=(live.seed + self._asked - 1) % 2**31,
            most_tokens=min(left, live.most_tokens - len(live.ids)),
            end_ids=live.end_ids,
            never=frozenset(self._never - live.end_ids),
            must_go_on=bool(self._never & live.end_ids),
            constraint=self._constraint,
        )
