"""How much the bot itself adds to each message: `python -m benchmarks.discord` (under two minutes; `--minutes 10`).

200 channels × 5 members chat through the sandbox's HTTP and WebSocket with a bot whose engine is scripted. The
sandbox and its members run in a process of their own; everything is timed inside the bot's process:

- overhead: from the gateway event that brings a message to the request that shows the first of its answer, less the
  time the engine took for that first piece;
- last edit: from the engine's last token to the request that shows the whole answer with its buttons.

Writes bench-results/bot.json.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.discord.load import CHANNELS, MEMBERS_PER_CHANNEL, chat
from benchmarks.discord.measured import Clock, opened
from benchmarks.discord.memory import MemoryWatch
from bot.discord_bot.connection import run_supervised
from bot.sandbox import point_discord_at

RESULTS = Path("bench-results/bot.json")
WARM_UP = 50  # messages left out: first imports, first connections


async def measure(seconds: float, pace: float, *, warm_up: int = WARM_UP) -> dict[str, Any]:
    clock = Clock()
    arguments = ("-m", "benchmarks.discord", "--load", "--minutes", str(seconds / 60), "--pace", str(pace))
    load = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    assert load.stdout is not None
    address = json.loads(await load.stdout.readline())
    point_discord_at(address["api"], address["gateway"])
    with tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder), clock) as make, MemoryWatch() as memory:
            serving = asyncio.create_task(run_supervised(make, address["token"]))
            before = time.process_time()
            telling = asyncio.create_task(load.stdout.readline())
            await asyncio.wait({serving, telling}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():  # the load would wait for the bot for ever
                load.kill()
                await serving
            told = json.loads(await telling)
            busy = time.process_time() - before
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
    await load.wait()
    return {
        "channels": CHANNELS,
        "members": CHANNELS * MEMBERS_PER_CHANNEL,
        "minutes": round(told["seconds"] / 60, 2),
        "messages": told["said"],
        "answered": told["answered"],
        "messages_per_s": round(told["said"] / told["seconds"], 1),
        "bot_cpu_ms_per_message": round(busy / told["said"] * 1000, 2),
        "cpus": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 1),  # above the number of CPUs, others were in the way
        "overhead_ms": _quantiles(clock.overheads[warm_up:]),
        "last_edit_ms": _quantiles(clock.last_edits[warm_up:]),
        "bot_memory_mib": memory.readings,
        "bot_memory_growth_mib_per_min": _slope(memory.readings),
        "sandbox_memory_growth_mib_per_min": _slope(told["memory"]),
    }


def _quantiles(seconds: Sequence[float]) -> dict[str, float]:
    if len(seconds) < 2:
        return {}
    cuts = statistics.quantiles(seconds, n=100)
    return {name: round(value * 1000, 2) for name, value in
            (("p50", cuts[49]), ("p90", cuts[89]), ("p99", cuts[98]), ("max", max(seconds)))}  # fmt: skip


def _slope(readings: Sequence[tuple[float, float]]) -> float | None:
    """MiB per minute over the second half, by least squares: the first half fills caches."""
    later = readings[len(readings) // 2 :]
    if len(later) < 3:
        return None
    return round(statistics.linear_regression(*zip(*later, strict=True)).slope * 60, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=1.5)
    parser.add_argument("--pace", type=float, default=5.0, help="seconds between two messages of a channel")
    parser.add_argument("--load", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.load:
        asyncio.run(chat(chosen.minutes * 60, chosen.pace))
        return
    report = asyncio.run(measure(chosen.minutes * 60, chosen.pace))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps({key: value for key, value in report.items() if key != "bot_memory_mib"}, indent=2))
    print(f"written to {RESULTS}")


if __name__ == "__main__":
    main()
