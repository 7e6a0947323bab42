"""A newcomer's evening: two personas in two channels, thumbs, consent, a retraining, and the swap under load."""

import asyncio
import itertools
from pathlib import Path
from typing import cast

import pytest

from bot.config import load_config
from bot.engine import EngineOptions, GenerationRequest, SamplingParams
from bot.engine.base_model import load_tokenizer, prepare_base_model
from bot.engine.torch_engine import TorchEngine
from bot.prompt import Message, PromptRenderer, Role
from bot.store import StoredReply, open_snapshot
from bot.versions.registry import AdapterRegistry
from tests.journeys.troupe_process import PAGE_ADDRESS, TroupeProcess, Visitor, buttons, running_troupe, train

pytestmark = [pytest.mark.model, pytest.mark.timeout(900)]
QUESTIONS = ["Tell me about the moon.", "How do I make tea?", "What is a good name for a cat?", "Describe a storm."]


async def test_thumbs_retrain_the_pirate_while_it_speaks(home: Path):
    config = home / "config.toml"
    async with running_troupe(config) as troupe:
        address = PAGE_ADDRESS.search((await troupe.said(PAGE_ADDRESS.pattern, seconds=120)).text)
        assert address is not None
        async with Visitor.open(address[0]) as visitor:
            await two_personas_answer_in_one_batch(visitor, home)
            await thumbs_count_by_button_and_by_reaction(visitor, home)
            await train(config, "train", "pirate")
            await train(config, "evaluate", "pirate")
            straddling = await the_swap_happens_under_load(visitor, troupe, home)
    assert straddling, "no reply was being written during the swap"
    await each_is_byte_identical_without_the_swap(straddling, home)


async def two_personas_answer_in_one_batch(visitor: Visitor, home: Path) -> None:
    asked = await asyncio.gather(
        visitor.ask("tavern", "Is Paris in France?"), visitor.ask("critics-corner", "Is Paris in France?")
    )
    pirate, critic = await asyncio.gather(*(visitor.finished_reply(message) for message in asked))
    assert pirate["content"]
    assert critic["content"]
    assert [m["author"]["name"] for m in (pirate, critic)] == ["Captain Saltbeard", "Basil Drywit"]
    assert "/faces/" in pirate["author"]["picture"]
    [one] = stored(home, "pirate")
    [other] = stored(home, "sarcastic")
    assert (one.record.adapter_number, other.record.adapter_number) == (1, 1)
    begun = max(reply.record.created_at - reply.record.total_s for reply in (one, other))
    assert begun < min(reply.record.created_at for reply in (one, other)), "they were answered one after the other"


async def thumbs_count_by_button_and_by_reaction(visitor: Visitor, home: Path) -> None:
    reply = await visitor.finished_reply(await visitor.ask("tavern", "What is your favourite food?"))
    await visitor.press(reply, "👍", member="Mika")
    question = await visitor.message(lambda m: bool(m["visible_to"]) and "learn" in m["content"])
    await visitor.press(question, "Yes, they may learn", member="Mika")
    await visitor.do(
        "react",
        member=visitor.members["Juno"],
        channel=int(reply["channel"]),
        message=int(reply["id"]),
        emoji="👍",
    )
    await visitor.message(lambda m: m["id"] == reply["id"] and any(b.get("label") == "2" for b in buttons(m)))
    mika, juno = visitor.members["Mika"], visitor.members["Juno"]
    with open_snapshot(home / "data" / "troupe.db") as snapshot:
        assert snapshot.consenting_members() == {mika}
        assert [r.likes for r in snapshot.replies("pirate")][-1] == {mika, juno}


async def the_swap_happens_under_load(visitor: Visitor, troupe: TroupeProcess, home: Path) -> list[StoredReply]:
    """Members go on talking while version 2 is promoted; the replies that were being written at the swap."""
    swapped = asyncio.Event()
    talking = [asyncio.create_task(keep_asking(visitor, member, swapped)) for member in ("Mika", "Juno", "Pip")]
    await train(home / "config.toml", "promote", "pirate")
    swap = await troupe.said(r"pirate: v2 speaks now \(was v1\)", seconds=60)
    swapped.set()
    await asyncio.gather(*talking)
    await visitor.finished_reply(await visitor.ask("tavern", "Who are you now?"))
    replies = stored(home, "pirate")
    assert replies[-1].record.adapter_number == 2
    return [
        reply
        for reply in replies
        if reply.record.adapter_number == 1
        and reply.record.created_at - reply.record.total_s < swap.at < reply.record.created_at
    ]


async def keep_asking(visitor: Visitor, member: str, enough: asyncio.Event) -> None:
    for question in itertools.cycle(QUESTIONS):
        if enough.is_set():
            return
        await visitor.finished_reply(await visitor.ask("tavern", question, member))


async def each_is_byte_identical_without_the_swap(replies: list[StoredReply], home: Path) -> None:
    config = load_config(home / "config.toml", {})
    files = prepare_base_model(config.model.base, config.cache_dir)
    renderer = PromptRenderer(load_tokenizer(files))
    engine = TorchEngine(files, EngineOptions(device="cpu", precision="fp32", max_rows=4, adapter_slots=2))
    version = AdapterRegistry(home / "adapters").version("pirate", 1)
    await engine.start()
    for reply in replies:
        record = reply.record
        ids = renderer.prompt_ids([Message(cast(Role, m.role), m.content) for m in record.messages])
        sampling = SamplingParams(**{**record.sampling, "stop": tuple(record.sampling["stop"]), "seed": record.seed})
        generation = engine.submit(GenerationRequest(ids, sampling, version))
        assert "".join([chunk.text async for chunk in generation]) == record.text
    await engine.stop()


def stored(home: Path, persona: str) -> list[StoredReply]:
    with open_snapshot(home / "data" / "troupe.db") as snapshot:
        return list(snapshot.replies(persona))
