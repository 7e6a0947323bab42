"""What a chat feels: gaps in running replies, later turns, long persona prompts, adapters that nobody used for long."""

import asyncio
import contextlib
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.serving.serving import Troupe, completion, copy_of, exactly, first_token_s, troupe
from benchmarks.serving.work import Figure, Measured, Setting
from bot.engine import Completion, GenerationRequest
from bot.prompt import Message
from bot.versions.registry import AdapterVersion

ROWS, SLOTS = 8, 16
STREAMS = 7  # one row stays free for the long prompt
STREAM_TOKENS = 1500  # more than is ever used: they are cancelled
SETTLED, UNDISTURBED = 16, 64  # tokens of each stream
LONG_PROMPT, LONG_PROMPTS = 1500, 2
LOADS = 6
TURNS, TURN_TOKENS = 10, 32
MEMBERS = ("Ada", "Boris", "Clara")  # each has a conversation
SHORT_PERSONA, LONG_PERSONA = 20, 400
REPEATS = 7
TOPICS = ("tea", "rain", "cats", "bread", "ships", "stars", "shoes", "trees", "music", "chess", "snow", "clocks")
# Which copies do what; what is loaded while replies run and what is measured cold was never used before.
LOADED = range(7, 7 + LOADS)
LONG, SHORT = 14, 15


async def chat(setting: Setting) -> AsyncIterator[Measured]:
    with _cold_copies(setting, REPEATS) as cold:
        async with troupe(setting, copies=SLOTS, max_rows=ROWS, adapter_slots=SLOTS) as ours:
            for measuring in (gaps(ours), turns(ours), persona_prompts(ours), cold_adapters(ours, cold)):
                async for figure in measuring:
                    yield figure


async def gaps(ours: Troupe) -> AsyncIterator[Figure]:
    """Gaps between the tokens of running replies: alone, while long prompts are read, while adapters are loaded."""
    async with _running_streams(ours) as streams:
        await streams.each_says(SETTLED)
        with streams.noting() as undisturbed:
            await streams.each_says(UNDISTURBED)
        with streams.noting() as prefilling:
            for number in range(LONG_PROMPTS):
                ids = tuple((number + 2) * 1000 + i for i in range(LONG_PROMPT))
                await completion(ours.engine, GenerationRequest(_within(ours, ids), exactly(1)))
        await streams.each_says(SETTLED)
        with streams.noting() as loading:
            for number in LOADED:
                await ours.engine.load(ours.copies[number])
            await streams.each_says(1)
    yield Figure("median gap, undisturbed", statistics.median(undisturbed))
    yield Figure("p99 gap while 1,500 tokens are prefilled", p99(prefilling))
    yield Figure("p99 gap while an adapter is loaded", p99(loading))


async def turns(ours: Troupe) -> AsyncIterator[Figure]:
    """First token of the first and the last turn of a channel's conversation, medians over conversations."""
    await _converse(ours, "Zoe", 1)
    firsts = [await _converse(ours, member, TURNS) for member in MEMBERS]
    yield Figure("first token of turn 1", statistics.median(first[0] for first in firsts))
    yield Figure("first token of turn 10", statistics.median(first[-1] for first in firsts))


async def persona_prompts(ours: Troupe) -> AsyncIterator[Figure]:
    """First token of a new conversation with a persona that has spoken before, by the length of its system prompt."""
    for copy, length in ((SHORT, SHORT_PERSONA), (LONG, LONG_PERSONA)):
        persona = _text_of(ours, length)
        firsts = []
        for topic in TOPICS[: REPEATS + 1]:
            asked = [Message("system", persona), Message("user", question(topic))]
            ids = ours.renderer.prompt_ids(asked)
            request = GenerationRequest(ids, exactly(2), ours.copies[copy], f"new-{length}-{topic}")
            firsts.append(first_token_s(await completion(ours.engine, request)))
        yield Figure(f"first token after a system prompt of {length} tokens", statistics.median(firsts[1:]))


async def cold_adapters(ours: Troupe, cold: Sequence[AdapterVersion]) -> AsyncIterator[Figure]:
    """First token with an adapter that lies on the disk only, and with the same adapter right after."""
    times: dict[str, list[float]] = {"cold": [], "resident": []}
    for number, adapter in enumerate(cold):
        for state, topic in (("cold", TOPICS[number]), ("resident", TOPICS[number + 1])):
            ids = ours.renderer.prompt_ids([Message("user", question(topic))])
            done = await completion(ours.engine, GenerationRequest(ids, exactly(2), adapter))
            times[state].append(first_token_s(done))
    for state, seconds in times.items():
        yield Figure(f"first token, {state} adapter", statistics.median(seconds))


def question(topic: str) -> str:
    return f"Please tell me something about {topic}."


def p99(gaps: Sequence[float]) -> float:
    return statistics.quantiles(gaps, n=100, method="inclusive")[98]


async def _converse(ours: Troupe, member: str, turns: int) -> list[float]:
    """Seconds to the first token of each turn. Conversations share the system prompt alone: a first turn that began
    as another one did would be read already."""
    said = [Message("system", "You are a helpful pirate who answers in short sentences.")]
    firsts = []
    for turn in range(turns):
        said.append(Message("user", f"{member}: {question(TOPICS[turn])}"))
        request = GenerationRequest(ours.renderer.prompt_ids(said), exactly(TURN_TOKENS), ours.copies[0], member)
        done: Completion = await completion(ours.engine, request)
        said.append(Message("assistant", done.text))
        firsts.append(first_token_s(done))
    return firsts


@dataclass
class _Streams:
    """Replies that run until they are cancelled; the gaps before their tokens, as they arrive."""

    said: list[int]
    gaps: list[float]
    news: asyncio.Condition

    async def each_says(self, tokens: int) -> None:
        """Until every reply has so many more tokens."""
        goals = [said + tokens for said in self.said]
        async with self.news:
            await self.news.wait_for(lambda: all(said >= goal for said, goal in zip(self.said, goals, strict=True)))

    @contextmanager
    def noting(self) -> Iterator[list[float]]:
        """The gaps of the tokens that arrive in this block, in the order of their arrival."""
        noted: list[float] = []
        before = len(self.gaps)
        yield noted
        noted.extend(self.gaps[before:])


@asynccontextmanager
async def _running_streams(ours: Troupe) -> AsyncIterator[_Streams]:
    streams = _Streams([0] * STREAMS, [], asyncio.Condition())

    async def listen(number: int) -> None:
        generation = ours.engine.submit(
            GenerationRequest(ours.questions[number], exactly(STREAM_TOKENS), ours.copies[number], f"stream-{number}")
        )
        last: float | None = None
        async for chunk in generation:
            now = time.perf_counter()
            # Text that is not certain yet is held back: several tokens in one piece took several steps.
            if last is not None and len(chunk.token_ids) == 1:
                streams.gaps.append(now - last)
            last = now
            async with streams.news:
                streams.said[number] += len(chunk.token_ids)
                streams.news.notify_all()

    tasks = [asyncio.create_task(listen(number)) for number in range(STREAMS)]
    try:
        yield streams
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _text_of(ours: Troupe, tokens: int) -> str:
    """A system prompt of so many tokens."""
    text = "You are Marlow, a retired sailor who keeps the harbour's only book shop and answers whoever asks. "
    while len(ids := ours.tokenizer(text, add_special_tokens=False)["input_ids"]) < tokens:
        text += "You like plain words, short sentences and old stories, and you never hurry. "
    return str(ours.tokenizer.decode(ids[:tokens]))


def _within(ours: Troupe, ids: Sequence[int]) -> tuple[int, ...]:
    return tuple(i % len(ours.tokenizer) for i in ids)


@contextmanager
def _cold_copies(setting: Setting, count: int) -> Iterator[list[AdapterVersion]]:
    """Copies in folders of their own, which the operating system holds in no cache (where it can be told so)."""
    with tempfile.TemporaryDirectory() as folder:
        copies = []
        for number in range(count):
            path = Path(folder) / str(number)
            shutil.copytree(setting.adapter, path)
            for file in path.iterdir():
                _forget(file)
            copies.append(replace(copy_of(setting, number), persona=f"cold-{number}", path=path))
        yield copies


def _forget(file: Path) -> None:
    """Write a file out and drop its cached pages."""
    with file.open("rb") as opened, contextlib.suppress(AttributeError):  # not on macOS
        os.fsync(opened.fileno())
        os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
