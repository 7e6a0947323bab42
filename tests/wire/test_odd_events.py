"""What a gateway may send that nobody expects: the line lives on, and no other machine is dialled."""

import pytest

from tests.waiting import until
from tests.wire.proxy import IDENTIFY, RESUME, Proxy
from tests.wire.stage import Stage, staged

MALFORMED = [
    ("MESSAGE_CREATE", {"id": "1"}),
    ("MESSAGE_REACTION_ADD", {}),
    ("GUILD_ROLE_CREATE", {"guild_id": "nonsense"}),
    ("CHANNEL_CREATE", None),
    ("INTERACTION_CREATE", {"type": 3, "data": {"words": "a secret"}}),
]


async def test_events_that_cannot_be_read_cost_neither_the_line_nor_the_session(
    proxy: Proxy, stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    for event, data in MALFORMED:
        await proxy.tell(event, data)

    await stage.answered("Is Paris in France?")

    assert (proxy.opcodes.count(IDENTIFY), proxy.opcodes.count(RESUME), len(proxy.connects)) == (1, 0, 1)
    lost = [record.getMessage() for record in caplog.records if "could not be read" in record.getMessage()]
    assert [event for event, _ in MALFORMED if not any(event in line for line in lost)] == []
    assert "a secret" not in caplog.text


async def test_a_resume_address_on_another_machine_is_not_followed(proxy: Proxy, empty_stage: Stage) -> None:
    proxy.resume_address = "wss://gateway.discord.gg.invalid/?token=please"
    async with staged(empty_stage):
        await proxy.cut_off()
        proxy.let_in()
        await until(lambda: RESUME in proxy.opcodes)
        await empty_stage.answered("Is Paris in France?")
    assert set(proxy.connects) == {proxy.connects[0]}
    assert proxy.opcodes.count(IDENTIFY) == 1
