"""How fast growing replies are edited over the wire: as Discord's headers allow, never faster."""

import asyncio

from tests.waiting import until
from tests.wire.stage import Stage, is_finished

PIECES = 40


async def test_replies_that_grow_side_by_side_in_one_channel_never_meet_the_rate_limit(stage: Stage) -> None:
    for _ in range(2):
        stage.engine.holds()
    await stage.say("recite")
    await stage.say("recite too")
    await until(lambda: len(stage.engine.generations) == 2)

    await asyncio.gather(recite(stage, 0), recite(stage, 1))
    await until(lambda: len(stage.replies()) == 2 and all(map(is_finished, stage.replies())))

    assert [(r.method, r.path, r.status) for r in stage.server.requests if r.status >= 400] == []
    edits = [request for request in stage.server.requests if request.method == "PATCH"]
    assert len(edits) >= 3, "two last ones, and at least one on the way"
    assert all(reply["content"].endswith(f"word {PIECES - 1}.") for reply in stage.replies())


async def recite(stage: Stage, number: int) -> None:
    for piece in range(PIECES):
        stage.engine.generations[number].say(f"word {piece}. ")
        await asyncio.sleep(0.05)
    stage.engine.generations[number].end()
