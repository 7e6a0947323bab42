"""The real bot on the sandbox's wire, and members who act: what wire tests read their stories from."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from bot.discord_bot.client import TroupeBot
from bot.discord_bot.connection import Backoff, run_supervised
from bot.sandbox import SandboxServer
from bot.store import Store, StoredReply
from tests.fakes import ScriptedEngine, ScriptedGeneration
from tests.waiting import PATIENCE, until

EDIT_SECONDS = 0.05


class Stage:
    """Members act through `server.control`; what the bot did is read from the page's view and from the store."""

    def __init__(self, server: SandboxServer, engine: ScriptedEngine, store: Store, make: Callable[..., TroupeBot]):
        self.server, self.engine, self.store = server, engine, store
        self._make = make
        self.bots: list[TroupeBot] = []
        self.tavern = server.demo_channels["tavern"]
        self.mika = server.members["mika"]
        self.supervision: asyncio.Task[None] | None = None

    # ------------------------------------------------------------------ the bot

    @property
    def bot(self) -> TroupeBot:
        return self.bots[-1]

    def make(self) -> TroupeBot:
        bot = self._make(edit_seconds=EDIT_SECONDS, ask_consent=False)
        vars(bot)["before_identify_hook"] = _at_once  # discord.py's own waits five seconds
        self.bots.append(bot)
        return bot

    def supervise(self) -> asyncio.Task[None]:
        self.bots.clear()  # those of an earlier start
        backoff = Backoff(first=0.01, longest=0.02)
        self.supervision = asyncio.create_task(run_supervised(self.make, self.server.token, backoff=backoff))
        return self.supervision

    async def connected(self) -> None:
        await until(lambda: self.bots and self.bot.get_guild(self.server.guild_id))

    async def close(self) -> None:
        if self.supervision is not None:
            self.supervision.cancel()
            await asyncio.gather(self.supervision, return_exceptions=True)

    # ------------------------------------------------------------------ members

    async def say(
        self, text: str, *, member: str = "mika", channel: str = "tavern", reply_to: int | None = None
    ) -> int:
        """Address the bot in a channel; the message's id."""
        who, where = self.server.members[member], self.server.demo_channels[channel]
        content = f"<@{self.server.bot_id}> {text}"
        said = await self.server.control.say(member=who, channel=where, content=content, reply_to=reply_to)
        return int(said["id"])

    async def answered(self, text: str) -> dict[str, Any]:
        """Ask and wait until the answer can be voted on."""
        before = len(self.replies())
        await self.say(text)
        await until(lambda: len(self.replies()) > before and is_finished(self.replies()[-1]))
        return self.replies()[-1]

    async def press(self, reply: dict[str, Any], emoji: str, *, member: str = "mika") -> dict[str, Any]:
        [now] = [message for message in self.replies() if message["id"] == reply["id"]]
        [custom_id] = [b["custom_id"] for b in buttons(now) if (b.get("emoji") or {}).get("name", "").startswith(emoji)]
        who = self.server.members[member]
        pressed: dict[str, Any] = await self.server.control.click(
            member=who, channel=self.tavern, message=reply["id"], custom_id=custom_id
        )
        return pressed

    async def react(self, reply: dict[str, Any], emoji: str, *, member: str = "mika", on: bool = True) -> None:
        who = self.server.members[member]
        await self.server.control.react(member=who, channel=self.tavern, message=reply["id"], emoji=emoji, on=on)

    async def slash(self, command: str, *path: str, **options: Any) -> dict[str, Any]:
        """Mika uses a slash command in the tavern; how the bot answered first. What it put off has been said, too."""
        outcome: dict[str, Any] = await self.server.control.slash(
            member=self.mika, channel=self.tavern, command=command, path=list(path), options=options
        )
        if outcome["kind"] == "deferred":
            await until(lambda: not any(message["thinking"] for message in self.server.messages(self.tavern)))
        return outcome

    # ------------------------------------------------------------------ what came of it

    def replies(self, channel: str = "tavern") -> list[dict[str, Any]]:
        """The bot's messages, oldest first, without ephemeral ones."""
        messages = self.server.messages(self.server.demo_channels[channel])
        return [message for message in messages if message["is_bot"] and not message["visible_to"]]

    def whispers(self) -> list[dict[str, Any]]:
        """What the bot said in the tavern for one member's eyes only."""
        return [message for message in self.server.messages(self.tavern) if message["visible_to"]]

    def statuses(self, method: str, ending: str) -> list[int]:
        return [r.status for r in self.server.requests if r.method == method and r.path.endswith(ending)]

    async def speaks(self) -> ScriptedGeneration:
        """The generation the bot has just asked the engine for (after `engine.holds()`)."""
        await until(lambda: self.engine.generations and self.engine.generations[-1].completion is None)
        return self.engine.generations[-1]

    async def stored(self, reply: dict[str, Any]) -> StoredReply:
        found = await self.store.reply_of_message(int(reply["id"]))
        assert found is not None
        return found

    async def vote(self, reply: dict[str, Any], member: str = "mika") -> int | None:
        return await self.store.vote_of((await self.stored(reply)).id, self.server.members[member])

    async def vote_becomes(self, reply: dict[str, Any], value: int | None, member: str = "mika") -> None:
        async with asyncio.timeout(PATIENCE):
            while await self.vote(reply, member) != value:
                await asyncio.sleep(0.01)

    async def settled(self) -> None:
        """Until the bot has heard everything that was sent: a later question is answered after all before it."""
        await self.say("is that all?", channel="lounge")
        await until(lambda: any(is_finished(message) for message in self.replies("lounge")))


def buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [button for row in message["components"] for button in row.get("components", [])]


def is_finished(message: dict[str, Any]) -> bool:
    """Whether the reply can be voted on, which it cannot while it streams."""
    return any((button.get("emoji") or {}).get("name") == "👍" for button in buttons(message))


async def _at_once(_shard: int | None, *, initial: bool = False) -> None:
    """Identify without waiting for Discord's limit of one IDENTIFY in five seconds."""


@asynccontextmanager
async def staged(stage: Stage) -> AsyncIterator[Stage]:
    stage.supervise()
    try:
        await stage.connected()
        yield stage
    finally:
        await stage.close()
