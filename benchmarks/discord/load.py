"""The sandbox with 200 channels, and the members who chat there: a process of its own, so that only the bot is timed.

Prints one JSON object a line: its addresses, then what was said once all is over.
"""

import asyncio
import contextlib
import json
import random
from collections.abc import Mapping
from typing import Any

from benchmarks.discord.memory import MemoryWatch
from bot.sandbox import SandboxServer
from bot.sandbox.world import DemoChannel, DemoMember, World

CHANNELS, MEMBERS_PER_CHANNEL = 200, 5
KEPT_MESSAGES = 50  # per channel: the sandbox's own memory is not what is measured
SETTLING = 60.0  # seconds for the last answers, at most


async def chat(seconds: float, pace: float) -> None:
    """Every channel sees a message each `pace` seconds on average, for `seconds`."""
    world = _world()
    answered: set[str] = set()

    def on_event(event: str, payload: Mapping[str, Any]) -> None:
        # Only a finished reply has thumbs; ⏹ hangs below a growing one.
        if event == "MESSAGE_UPDATE" and "troupe:up:" in json.dumps(payload.get("components")):
            answered.add(payload["id"])

    world.subscribers.append(on_event)
    server = SandboxServer("127.0.0.1", 0, world=world)
    await server.start()
    print(json.dumps({"api": server.api, "gateway": server.gateway, "token": server.token}), flush=True)
    try:
        while server.bot_gateway.bot_state != "online":
            await asyncio.sleep(0.05)
        members, channels = list(server.members.values()), list(server.demo_channels.values())
        loop = asyncio.get_running_loop()
        started = loop.time()
        async with MemoryWatch() as memory:
            rooms = [
                _room(server, channel, members[i * MEMBERS_PER_CHANNEL :][:MEMBERS_PER_CHANNEL], i, seconds, pace)
                for i, channel in enumerate(channels)
            ]
            said = sum(await asyncio.gather(*rooms))
            chatted = loop.time() - started
            await _settled(answered, said)
        told = {"said": said, "answered": len(answered), "seconds": chatted, "memory": memory.readings}
        print(json.dumps(told), flush=True)
    finally:
        await server.stop()


async def _settled(answered: set[str], said: int) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SETTLING):
            while len(answered) < said:
                await asyncio.sleep(0.1)


async def _room(server: SandboxServer, channel: int, members: list[int], room: int, seconds: float, pace: float) -> int:
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    said = 0
    await asyncio.sleep(random.uniform(0, pace))
    while loop.time() < end:
        number = room * 100_000 + said
        content = f"<@{server.bot_id}> Tell me, what is the answer to question {number}?"
        await server.control.say(member=random.choice(members), channel=channel, content=content)
        said += 1
        await asyncio.sleep(pace * random.uniform(0.5, 1.5))
    return said


def _world() -> World:
    members = [
        DemoMember(1_000 + n, f"member{n}", f"Member {n}", "🦊", "#e8833a", "member")
        for n in range(CHANNELS * MEMBERS_PER_CHANNEL)
    ]
    channels = [DemoChannel(100 + n, f"room-{n}", "A room.", ()) for n in range(CHANNELS)]
    return World(members, channels, kept_messages=KEPT_MESSAGES)
