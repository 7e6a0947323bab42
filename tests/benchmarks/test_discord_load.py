"""`make bench-bot` still measures what it says; the figures themselves are for whoever runs it."""

from benchmarks.discord.__main__ import measure
from tests.sandbox import conftest as sandbox

discord_addresses = sandbox.discord_addresses


async def test_a_moment_of_the_benchmark_answers_every_message(discord_addresses: None) -> None:
    report = await measure(seconds=1.0, pace=5.0, warm_up=0)

    assert report["answered"] == report["messages"] > 0
    assert report["overhead_ms"]["p50"] > 0
    assert report["last_edit_ms"]["p50"] > 0
    assert report["bot_memory_mib"]
