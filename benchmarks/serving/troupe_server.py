"""The work, done by our engine, and the parts of the bench that are about our engine alone."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

from benchmarks.serving.chat import chat
from benchmarks.serving.crowd import crowd
from benchmarks.serving.footprint import footprint
from benchmarks.serving.serving import FRESH, troupe
from benchmarks.serving.startup import startup
from benchmarks.serving.work import PLANS, Measured, Plan, Setting, Timing

OWN_PARTS: dict[str, Callable[[Setting], AsyncIterator[Measured]]] = {
    "crowd": crowd,
    "chat": chat,
    "memory": footprint,
    "start": startup,
}


def run(setting: Setting, part: str) -> Iterator[Measured]:
    measuring = plan(setting, PLANS[part]) if part in PLANS else OWN_PARTS[part](setting)
    with asyncio.Runner() as runner:
        while (measured := runner.run(_following(measuring))) is not None:
            yield measured


async def _following(measuring: AsyncIterator[Measured]) -> Measured | None:
    return await anext(measuring, None)


async def plan(setting: Setting, plan: Plan) -> AsyncIterator[Timing]:
    async with troupe(
        setting, copies=plan.registered, max_rows=plan.rows, adapter_slots=plan.slots, queue_size=plan.rows, **FRESH
    ) as ours:
        for case in plan.order():
            timing = await ours.serve(case)
            if case.counts:
                yield timing
