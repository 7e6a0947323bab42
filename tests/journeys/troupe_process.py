"""`python -m bot run` as a newcomer starts it, and a visitor of its page who types, presses and reads over HTTP."""

import asyncio
import contextlib
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from tests.places import REPOSITORY

PAGE_ADDRESS = re.compile(r"http://\S+#key=[\w-]+")
Message = dict[str, Any]


@dataclass
class LogLine:
    text: str
    at: float  # unix seconds, when it was read


@dataclass
class TroupeProcess:
    """The running bot. `log` grows as it speaks."""

    process: asyncio.subprocess.Process
    log: list[LogLine] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def said(self, pattern: str, seconds: float = 60.0) -> LogLine:
        """The first log line that matches `pattern`, waiting for it."""
        async with asyncio.timeout(seconds):
            while True:
                self._news.clear()
                for line in self.log:
                    if re.search(pattern, line.text):
                        return line
                if self.process.returncode is not None:
                    raise AssertionError("the bot ended:\n" + self.text)
                await self._news.wait()

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.log)

    async def listen(self) -> None:
        assert self.process.stderr is not None
        async for raw in self.process.stderr:
            self.log.append(LogLine(raw.decode(errors="replace").rstrip(), time.time()))
            self._news.set()
        await self.process.wait()
        self._news.set()


@asynccontextmanager
async def running_troupe(config: Path, **environ: str) -> AsyncIterator[TroupeProcess]:
    """Started, and stopped by SIGTERM as a service manager does."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", "--config", str(config),
        cwd=REPOSITORY, env={**clean_environment(), **environ}, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    troupe = TroupeProcess(process)
    listening = asyncio.create_task(troupe.listen())
    try:
        yield troupe
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(60):
                await process.wait()
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await listening


async def train(config: Path, *arguments: str) -> str:
    """`python -m training …` as its own process; its output."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "training", *arguments, "--config", str(config),
        cwd=REPOSITORY, env=clean_environment(), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode()


def clean_environment() -> dict[str, str]:
    """This environment without what would point the bot elsewhere."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("TROUPE_", "DISCORD_"))}


class Visitor:
    """A browser page's API, used directly: the feed of messages, and the verbs behind its buttons."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        parts = urlsplit(address)
        self._session = session
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._key = parts.fragment.removeprefix("key=")
        self._news = asyncio.Event()
        self.messages: dict[str, Message] = {}
        self.channels: dict[str, int] = {}
        self.members: dict[str, int] = {}
        self.bot_id = 0

    @classmethod
    @asynccontextmanager
    async def open(cls, address: str) -> AsyncIterator["Visitor"]:
        async with aiohttp.ClientSession() as session:
            visitor = cls(session, address)
            async with visitor.listening():
                yield visitor

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """What is shown comes in while the block runs."""
        feed = await self._session.ws_connect(f"{self._origin}/page/feed", protocols=["troupe", f"key.{self._key}"])
        self._take(await feed.receive_json())
        reading = asyncio.create_task(self._read(feed))
        yield
        reading.cancel()
        await feed.close()

    async def do(self, verb: str, **arguments: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._key}"}
        async with self._session.post(f"{self._origin}/page/do/{verb}", json=arguments, headers=headers) as response:
            result: dict[str, Any] = await response.json()
        assert response.status == 200, result
        return result

    async def ask(self, channel: str, text: str, member: str = "Mika") -> str:
        """Mention the bot in a channel; the id of the member's message."""
        content = f"<@{self.bot_id}> {text}"
        said = await self.do("say", member=self.members[member], channel=self.channels[channel], content=content)
        return str(said["id"])

    async def finished_reply(self, asked: str, seconds: float = 120.0) -> Message:
        """The persona's reply to the message `asked`, once it can be voted on.

        Under its own name it speaks without pointing at a message: it is the channel's first reply since then.
        """

        def answers(message: Message) -> bool:
            here = asked in self.messages and self.messages[asked]["channel"] == message["channel"]
            return here and int(message["id"]) > int(asked) and is_finished(message)

        return await self.message(answers, seconds=seconds)

    async def message(self, wanted: Callable[[Message], bool], seconds: float = 60.0) -> Message:
        async with asyncio.timeout(seconds):
            while True:
                self._news.clear()
                for found in self.messages.values():
                    if wanted(found):
                        return found
                await self._news.wait()

    async def press(self, message: Message, emoji_or_label: str, member: str = "Mika") -> dict[str, Any]:
        button = next(b for b in buttons(message) if emoji_or_label in (b.get("emoji", {}).get("name"), b.get("label")))
        return await self.do(
            "click",
            member=self.members[member],
            channel=int(message["channel"]),
            message=int(message["id"]),
            custom_id=button["custom_id"],
        )

    async def _read(self, feed: aiohttp.ClientWebSocketResponse) -> None:
        async for frame in feed:
            self._take(frame.json())

    def _take(self, change: dict[str, Any]) -> None:
        if change["type"] == "snapshot":
            self.bot_id = int(change["bot"]["id"])
            self.channels = {channel["name"]: int(channel["id"]) for channel in change["channels"]}
            self.members = {member["name"]: int(member["id"]) for member in change["members"]}
        elif change["type"] == "message":
            self.messages[change["message"]["id"]] = change["message"]
        self._news.set()


def is_finished(message: Message) -> bool:
    return any(button.get("emoji", {}).get("name") == "👍" for button in buttons(message))


def buttons(message: Message) -> list[dict[str, Any]]:
    return [button for row in message["components"] for button in row.get("components", [])]
