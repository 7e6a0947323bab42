"""A small project on disk: a tiny random base model, two personas, a configuration; and the command line run on it."""

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from bot.engine.base_model import BaseModelFiles, fingerprint, load_tokenizer
from bot.prompt import PromptRenderer
from bot.store import ReplyRecord, Store, StoredMessage, reply_ids
from bot.versions.registry import AdapterRegistry
from tests.tiny import write_tiny_model
from training.__main__ import main

CONFIG = """
[model]
base = "{base}"
precision = "fp32"
cache_dir = "cache"
[engine]
max_rows = 8
context_tokens = 256
max_rank = 4
[sampling]
max_tokens = 12
[personas]
default = "parrot"
[training]
rank = 4
epochs = 1.0
learning_rate = 5e-3
preservation_share = 0.2
sampled_facts = 10
min_voters = 1
[gate]
min_probes = 0
min_heldout = 0
max_degenerate_rate = 1.0
min_knowledge_kept = 0.0
min_probes_kept = 0.0
max_repetition_rise = 1.0
max_length_drift = 100.0
probes = 2
max_preservation_loss_ratio = 1.5
"""
ASKER, FRIEND, STRANGER = 101, 102, 999
TOPICS = ["dogs", "cats", "rain", "snow", "tea", "bread", "ships", "maps", "stars", "gold", "drums", "chess"]


@pytest.fixture(autouse=True)
def foreseeable_reply_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held out is drawn by ids: with those of chance, no two runs of a test would train on the same."""
    monkeypatch.setattr(reply_ids, "next_id", itertools.count(10**15, 10**7).__next__)


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """A tiny model's steps are too small to share out, and waiting for other threads would take most of the time."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory) -> BaseModelFiles:
    path = write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")
    return BaseModelFiles("tiny", path, fingerprint(path))


@pytest.fixture(scope="session")
def tokenizer(tiny_base) -> Any:
    return load_tokenizer(tiny_base)


@pytest.fixture(scope="session")
def renderer(tokenizer) -> PromptRenderer:
    return PromptRenderer(tokenizer)


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def facts(self) -> Any:
        """What --json printed."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Project:
    folder: Path
    cli: Callable[..., Outcome]

    @property
    def database(self) -> Path:
        return self.folder / "data" / "troupe.db"

    @property
    def registry(self) -> AdapterRegistry:
        return AdapterRegistry(self.folder / "adapters")

    def persona(self, name: str) -> Path:
        return self.folder / "adapters" / name

    def configure(self, text: str) -> None:
        """Add lines to config.toml; a section that is there already may not be repeated."""
        file = self.folder / "config.toml"
        file.write_text(file.read_text() + text)


@pytest.fixture
def project(tmp_path, tiny_base, monkeypatch, capsys) -> Project:
    """`parrot` has 12 seed pairs and 3 held-out prompts, `mute` has a card alone. There is no database yet."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text(CONFIG.format(base=tiny_base.path))
    parrot, mute = tmp_path / "adapters" / "parrot", tmp_path / "adapters" / "mute"
    _write_card(parrot)
    _write_card(mute)
    seeds = [{"prompt": f"What of {topic}?", "completion": f"Squawk! I like {topic}."} for topic in TOPICS]
    _write_lines(parrot / "examples.jsonl", seeds)
    _write_lines(parrot / "heldout.jsonl", [{"prompt": f"Do you like {topic}?"} for topic in ("sand", "milk", "wind")])

    def cli(*arguments: str) -> Outcome:
        monkeypatch.setattr("sys.argv", ["troupe-train", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Outcome(int(ended.value.code or 0), captured.out, captured.err)

    return Project(tmp_path, cli)


def reply_record(
    text: str = "Squawk! Aye.", *, asked: str = "What of soup?", persona: str = "parrot", **changes: Any
) -> ReplyRecord:
    """A finished reply to ASKER in channel 1, as the bot stores it."""
    values: dict[str, Any] = {
        "channel_id": 1,
        "guild_id": 5,
        "asker_id": ASKER,
        "persona": persona,
        "adapter_number": None,
        "adapter_sha256": None,
        "base_fingerprint": "base",
        "messages": (StoredMessage("system", "You were a parrot.", None), StoredMessage("user", asked, ASKER)),
        "asked": asked,
        "text": text,
        "finish_reason": "stop",
        "sampling": {},
        "seed": 1,
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "queued_s": 0.0,
        "first_token_s": 0.1,
        "total_s": 0.2,
        "source": "discord",
        "created_at": 1_800_000_000.0,
    }
    return ReplyRecord(**{**values, **changes})


async def fill_store(database: Path, liked: int, *, consents: bool = True, persona: str = "parrot") -> None:
    """`liked` replies in conversations of their own, each liked by FRIEND and ASKER, who consent."""
    store = await Store.open(database)
    try:
        for index in range(liked):
            record = reply_record(f"Squawk! Dish {index} is good.", asked=f"What of dish {index}?", persona=persona)
            reply_id = await store.add_reply(record)
            for voter in (FRIEND, ASKER):
                await store.cast_vote(reply_id, voter, 1, "button")
        for member in (ASKER, FRIEND):
            await store.set_consent(member, consents)
    finally:
        await store.close()


def add_version(project: Project, persona: str, reply_ids: list[int]) -> None:
    """A version with a manifest alone, made long ago: enough for whatever loads no weights."""
    folder = project.persona(persona) / "versions" / str(project.registry.next_number(persona))
    folder.mkdir(parents=True)
    manifest = {"adapter_sha256": "ab", "reply_ids": reply_ids, "created_at": "2026-01-01T00:00:00+00:00"}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _write_card(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "persona.toml").write_text(
        f'name = "{folder.name}"\ndisplay_name = "{folder.name.title()}"\ndescription = "A bird."\n'
        'system_prompt = "You are a parrot."\n'
    )


def _write_lines(file: Path, rows: list[dict[str, str]]) -> None:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
