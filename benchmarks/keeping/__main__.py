"""What a year of conversations takes on the disk: `python -m benchmarks.keeping --servers 50 --replies 100`.

A sample of conversations is stored as the bot stores them, and a reply's share of the file is carried to a year.
"""

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from bot.store import ReplyRecord, Store, StoredMessage

CHANNELS, REMEMBERED = 10, 20  # of the sample; exchanges that one prompt repeats
SYSTEM = StoredMessage("system", "You are a cheerful pirate who answers in a few short sentences. " * 4, None)
QUESTION, ANSWER = (
    "What do you think about the harbour at number {n}? " * 2,
    "Arr, the harbour at number {n} be fine. " * 6,
)


def main(
    servers: Annotated[int, typer.Option(min=1)] = 50,
    replies: Annotated[int, typer.Option(min=1, help="In one server on one day.")] = 100,
    sample: Annotated[int, typer.Option(min=100, help="Replies that are stored here.")] = 2000,
) -> None:
    """Print bytes for each reply and gigabytes for a year."""
    in_file, in_prompts = asyncio.run(_stored(sample))
    a_year = servers * replies * 365
    print(
        f"{sample} replies: {in_file / sample:.0f} bytes each in the file, {in_prompts / sample:.0f} in their prompts"
    )
    print(
        f"{servers} servers x {replies} replies a day: {a_year * in_file / sample / 1e9:.1f} GB a year; "
        f"with each reply's own copy of its prompt it were {a_year * (in_file + in_prompts) / sample / 1e9:.1f} GB"
    )


async def _stored(sample: int) -> tuple[int, int]:
    """The bytes of the file, and of all prompts if each were written out."""
    with tempfile.TemporaryDirectory() as folder:
        store = await Store.open(Path(folder) / "troupe.db")
        in_prompts = 0
        for number in range(sample):
            record = _record(channel=number % CHANNELS, turn=number // CHANNELS)
            in_prompts += len(json.dumps([message.content for message in record.messages]))
            await store.add_reply(record, [10**18 + number])
        size = await store.size_bytes()
        await store.close()
    return size, in_prompts


def _record(channel: int, turn: int) -> ReplyRecord:
    said = [
        message
        for n in range(max(0, turn - REMEMBERED), turn)
        for message in (_question(channel, n), StoredMessage("assistant", ANSWER.format(n=f"{channel}-{n}"), None))
    ]
    asked = _question(channel, turn)
    return ReplyRecord(
        channel_id=10**18 + channel, guild_id=10**18, asker_id=10**18 + channel, persona="pirate",
        adapter_number=1, adapter_sha256="ab" * 32, base_fingerprint="cd" * 32, messages=(SYSTEM, *said, asked),
        asked=asked.content, text=ANSWER.format(n=f"{channel}-{turn}"), finish_reason="stop",
        sampling={"temperature": 0.7, "top_p": 0.9, "max_tokens": 200}, seed=turn, prompt_tokens=900,
        completion_tokens=60, queued_s=0.1, first_token_s=0.2, total_s=1.0, source="discord", created_at=1e9 + turn,
    )  # fmt: skip


def _question(channel: int, turn: int) -> StoredMessage:
    return StoredMessage("user", QUESTION.format(n=f"{channel}-{turn}"), 10**18 + channel)


if __name__ == "__main__":
    typer.run(main)
