"""Waiting for what other tasks do, with patience for a machine that does much else."""

import asyncio
from collections.abc import Callable
from typing import Any

PATIENCE = 60.0  # seconds until a test that waits for something gives up


async def until(condition: Callable[[], Any], seconds: float = PATIENCE) -> None:
    """Return once the condition holds. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)
