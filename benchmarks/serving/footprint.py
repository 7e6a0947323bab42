"""How much memory the whole process takes at its fullest: every row filled to its last token."""

import resource
import sys
from asyncio import gather
from collections.abc import AsyncIterator
from pathlib import Path

import bot.app  # noqa: F401  # what the bot's process holds besides the engine
from benchmarks.serving.serving import completion, exactly, troupe
from benchmarks.serving.work import Figure, Measured, Setting
from bot.engine import GenerationRequest

ROWS, CONTEXT, ADAPTERS = 16, 2048, 8
NEW = 4


async def footprint(setting: Setting) -> AsyncIterator[Measured]:
    async with troupe(
        setting, copies=ADAPTERS, max_rows=ROWS, context_tokens=CONTEXT, adapter_slots=ADAPTERS, queue_size=ROWS
    ) as ours:
        length = ours.engine.context_tokens - NEW
        # No prompt begins as another one does, so that no row takes over what another one has read.
        texts = [[1000 + row, *range(2000 + row, 2000 + row + length - 1)] for row in range(ROWS)]
        vocabulary = len(ours.tokenizer)
        requests = [
            GenerationRequest(tuple(i % vocabulary for i in ids), exactly(NEW), ours.copies[row % ADAPTERS])
            for row, ids in enumerate(texts)
        ]
        await gather(*(completion(ours.engine, request) for request in requests))
    yield Figure("bytes at the peak", peak_bytes())


def peak_bytes() -> int:
    """The most memory this process has held. Linux's own figure, where there is one: the other starts with what the
    parent process held."""
    status = Path("/proc/self/status")
    if status.is_file():
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
