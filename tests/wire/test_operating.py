"""Operating from Discord with the real trainer on a tiny model: a training, its report, and the way back."""

import functools
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.discord_bot.access import Operators
from bot.retraining.runs import TrainingRuns
from bot.sandbox import SandboxServer
from bot.store import Store
from bot.versions.registry import AdapterRegistry
from tests.discord_bot.conftest import MakeBot
from tests.fakes import ScriptedEngine
from tests.store.samples import a_record
from tests.tiny import write_random_adapter, write_tiny_model
from tests.training.conftest import CONFIG, TOPICS
from tests.waiting import until
from tests.wire.stage import Stage, staged

TRAINING_SECONDS = 300.0


@pytest.fixture
def trainable(tmp_path: Path, personas_folder: Path) -> AdapterRegistry:
    """The pirate, with a version that speaks, a few examples, and a configuration for the trainer."""
    base = write_tiny_model(tmp_path / "tiny")
    (tmp_path / "config.toml").write_text(
        CONFIG.format(base=base).replace('"parrot"', '"plain"') + '[store]\npath = "troupe.db"\n'
    )
    pirate = personas_folder / "pirate"
    lines = [json.dumps({"prompt": f"What of {topic}?", "completion": f"Arr, {topic}!"}) for topic in TOPICS]
    (pirate / "examples.jsonl").write_text("\n".join(lines) + "\n")
    (pirate / "heldout.jsonl").write_text(json.dumps({"prompt": "What of sand?"}) + "\n")
    write_random_adapter(pirate / "versions" / "1", base)
    (pirate / "active").write_text("1\n")
    return AdapterRegistry(personas_folder)


@pytest.fixture
def runs(tmp_path: Path) -> TrainingRuns:
    return TrainingRuns(tmp_path / "config.toml", tmp_path)


@pytest.fixture
async def stage(
    server: SandboxServer, engine: ScriptedEngine, store: Store, make_bot: MakeBot, no_crash: None
) -> AsyncIterator[Stage]:
    operators = Operators(members=frozenset({server.members["mika"]}))
    async with staged(Stage(server, engine, store, functools.partial(make_bot, operators=operators))) as stage:
        yield stage


async def test_the_owner_trains_looks_and_goes_back(trainable: AdapterRegistry, stage: Stage, store: Store) -> None:
    liked = await store.add_reply(a_record(guild_id=stage.server.guild_id))
    await store.cast_vote(liked, stage.mika, 1, "button")
    await store.set_consent(stage.mika, True)

    await stage.slash("train", persona="pirate")
    await until(lambda: "…" not in stage.replies()[-1]["content"], TRAINING_SECONDS)

    [told] = stage.replies()
    assert "version 2 is better and speaks, starting with the next reply" in told["content"], told["content"]
    assert [file["filename"] for file in told["attachments"]] == ["pirate-v2.json"]
    assert trainable.active_number("pirate") == 2

    await stage.slash("rollback", persona="pirate", version=1)
    await until(lambda: "version 1 speaks again" in stage.replies()[-1]["content"])
    assert trainable.active_number("pirate") == 1

    await stage.slash("versions", persona="pirate")
    await until(lambda: "**← speaks**" in stage.whispers()[-1]["content"])
    assert stage.whispers()[-1]["content"].splitlines()[-1].endswith("**← speaks**")
