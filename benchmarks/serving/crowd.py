"""More personas than slots, more requests than rows: nothing stalls, and little is lost."""

from collections.abc import AsyncIterator

from benchmarks.serving.serving import FRESH, troupe
from benchmarks.serving.work import Case, Figure, Measured, Plan, Setting

ROWS = SLOTS = 16
DISTINCT_16 = Case("distinct x16", tuple(range(ROWS)))
CROWD = Case("32 requests over 32 adapters", tuple(range(2 * ROWS)))
PLAN = Plan((DISTINCT_16, CROWD), rows=ROWS, registered=2 * ROWS, slots=SLOTS, tries=2)


async def crowd(setting: Setting) -> AsyncIterator[Measured]:
    """Both timings. That every request finished is what `Troupe.serve` asserts."""
    async with troupe(
        setting, copies=PLAN.registered, max_rows=ROWS, adapter_slots=SLOTS, queue_size=PLAN.registered, **FRESH
    ) as ours:
        for case in PLAN.order():
            timing = await ours.serve(case)
            if case.counts:
                yield timing
    yield Figure("requests of the crowd that finished", len(CROWD.adapters))
