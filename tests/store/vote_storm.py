"""A process to be killed: casts votes from many tasks at once and prints each one after it was acknowledged."""

import asyncio
import itertools
import os
import sys
from pathlib import Path

from bot.store import Store

TASKS = 32


async def storm(path: Path, reply_id: int, first_voter: int) -> None:
    store = await Store.open(path)
    voters = itertools.count(first_voter)

    async def vote() -> None:
        for voter in voters:
            for value in (1, -1, 1) if voter % 2 else (-1, 1, -1):
                await store.cast_vote(reply_id, voter, value, "button")
                os.write(sys.stdout.fileno(), f"{voter} {value}\n".encode())

    await asyncio.gather(*(vote() for _ in range(TASKS)))


if __name__ == "__main__":
    asyncio.run(storm(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
