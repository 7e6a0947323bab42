"""A peer that is a server: started, waited for, and given the work through its OpenAI-like chat completions."""

import asyncio
import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from benchmarks.serving.work import QUESTIONS, Case, Timing

ONE_CASE = aiohttp.ClientTimeout(total=900)
# What chooses an adapter in a request's body; None: the base model.
Chooser = Callable[[int | None], dict[str, Any]]


class PeerFailed(Exception):
    """A server that did not start, or refused the work; with its own words."""


@dataclass(frozen=True)
class Peer:
    name: str
    url: str
    choose: Chooser

    def measure(self, cases: Iterable[Case]) -> Iterator[Timing]:
        with asyncio.Runner() as runner:
            for case in cases:
                timing = runner.run(self.serve(case))
                if case.counts:
                    yield timing

    async def serve(self, case: Case) -> Timing:
        async with aiohttp.ClientSession(timeout=ONE_CASE) as session:
            started = time.perf_counter()
            firsts = await asyncio.gather(
                *(self._first_token_s(session, case, i, number) for i, number in enumerate(case.adapters))
            )
            return Timing(self.name, case.name, case.tokens, time.perf_counter() - started, max(firsts))

    async def _first_token_s(self, session: aiohttp.ClientSession, case: Case, i: int, number: int | None) -> float:
        body = {
            "messages": [{"role": "user", "content": QUESTIONS[i % len(QUESTIONS)]}],
            "max_tokens": case.new,
            "temperature": 0,
            "ignore_eos": True,
            "stream": True,
            "stream_options": {"include_usage": True},
            **self.choose(number),
        }
        started = time.perf_counter()
        first: float | None = None
        tokens = 0
        async with session.post(f"{self.url}/v1/chat/completions", json=body) as response:
            if response.status != 200:
                raise PeerFailed(f"{self.name} refused {case.name}: {response.status} {await response.text()}")
            async for event in _events(response.content):
                if first is None and any(choice["delta"].get("content") for choice in event.get("choices", ())):
                    first = time.perf_counter() - started
                if usage := event.get("usage"):
                    tokens = usage["completion_tokens"]
        assert tokens == case.new, f"{self.name}: the work is {case.new} tokens, not {tokens}"
        assert first is not None
        return first


async def _events(lines: AsyncIterable[bytes]) -> AsyncIterator[dict[str, Any]]:
    """Server-sent events that carry JSON."""
    async for line in lines:
        text = line.decode().strip()
        if text.startswith("data: {"):
            yield json.loads(text.removeprefix("data: "))


@contextmanager
def running(name: str, command: Sequence[str], environ: Mapping[str, str], url: str, seconds: float) -> Iterator[None]:
    """The server, until it answers GET /health, and stopped on leaving. Raises PeerFailed with what it last said."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env={**os.environ, **environ}, stdout=log, stderr=log)
        try:
            if not _answers(f"{url}/health", process, seconds):
                log.seek(0)
                last = log.read().decode(errors="replace").strip().splitlines()[-15:]
                raise PeerFailed(f"{name} did not start within {seconds:.0f} s. It said:\n" + "\n".join(last))
            yield
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def _answers(url: str, process: "subprocess.Popen[bytes]", seconds: float) -> bool:
    end = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310  # our own loopback address
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
