"""A server's life in fast motion: members ask, vote on what they get, and the persona is trained again.

Everything but the members is the product's own: the bot's core, and `python -m training run` as a process of its own.
"""

import asyncio
import json
import random
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.learning.members import Crowd, Opinion
from benchmarks.learning.story import Heard
from bot.app import open_core
from bot.config import Config
from bot.conversation.core import Core
from bot.conversation.replies import Ask

GUILD = 77
AT_ONCE = 16  # questions under way


@dataclass
class Village:
    """A server with one persona. Each question is asked in a channel of its own, so that none leads to another."""

    core: Core
    config: Config
    persona: str
    crowd: Crowd
    dice: random.Random
    _channels: int = field(default=0)

    async def settle(self) -> None:
        """Everyone consents that what they say may be learned from."""
        for member in self.crowd.ids:
            await self.core.store.set_consent(member, True)

    async def approval(self, questions: Sequence[str]) -> float:
        """The share of answers to `questions`, as members are served, that are to the crowd's taste. No votes."""
        liked = [self.crowd.taste.likes(text) for _, text in await self._ask_all(questions)]
        return sum(liked) / len(liked)

    async def talk_and_vote(self, questions: Sequence[str], voters: int) -> Heard:
        """Ask all, and let `voters` members vote on each reply."""
        opinions: list[Opinion] = []
        for reply_id, text in await self._ask_all(questions):
            for opinion in self.crowd.opinions(text, voters, self.dice):
                await self.core.store.cast_vote(reply_id, opinion.member, 1 if opinion.up else -1, "button")
                if opinion.better is not None:
                    await self.core.store.add_correction(reply_id, opinion.member, opinion.better)
                opinions.append(opinion)
        return Heard(
            up=sum(opinion.up for opinion in opinions),
            down=sum(not opinion.up for opinion in opinions),
            better_answers=sum(opinion.better is not None for opinion in opinions),
        )

    async def retrain(self) -> dict[str, Any]:
        """`python -m training run`, and the running engine follows; what the command told. A refusal is no failure."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "training", "run", self.persona, "--json", "--config", str(self.config.file),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, errors = await process.communicate()
        if process.returncode not in (0, 3):
            raise RuntimeError(errors.decode())
        await self.core.active_versions.check([self.persona])
        told: dict[str, Any] = json.loads(out.decode().splitlines()[-1])
        return told

    async def _ask_all(self, questions: Sequence[str]) -> list[tuple[int, str]]:
        """Reply id and text, in the questions' order."""
        room = asyncio.Semaphore(AT_ONCE)

        async def one(question: str) -> tuple[int, str]:
            async with room:
                return await self._ask(question)

        return await asyncio.gather(*map(one, questions))

    async def _ask(self, question: str) -> tuple[int, str]:
        self._channels += 1
        asker = self.dice.choice(self.crowd.ids)
        persona = self.core.catalog.get(self.persona)
        reply = await self.core.replies.begin(Ask(self._channels, GUILD, asker, "Robin", question, persona))
        async for _ in reply:
            pass
        reply_id = await reply.record()
        assert reply_id is not None  # nothing is deleted in a village
        return reply_id, reply.text


@asynccontextmanager
async def village(config: Config, persona: str, crowd: Crowd, seed: int) -> AsyncIterator[Village]:
    async with open_core(config) as core:
        settled = Village(core, config, persona, crowd, random.Random(seed))
        await settled.settle()
        yield settled
