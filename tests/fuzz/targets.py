"""What Troupe reads that others wrote: good files, and the reader of each."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors.numpy

from bot.config import load_config
from bot.engine.adapter_checks import AdapterTarget
from bot.engine.adapter_files import read_adapter
from bot.personas.catalog import PersonaCatalog, read_card, read_pairs
from bot.personas.character_cards import read_character_card
from bot.sandbox.state import StateFile
from bot.sandbox.world import World
from bot.versions.canary import read_canary
from bot.versions.rebuild_marks import marked
from bot.versions.registry import MANIFEST, WEIGHTS, AdapterRegistry, AdapterVersion, read_manifest
from tests.personas.cards import CARD, png, v2
from training.importing.importer import read_import
from training.importing.request import ImportRequest
from training.publishing.publish import read_report

PERSONA = b'name = "parrot"\ndisplay_name = "Parrot"\ndescription = "A bird."\nsystem_prompt = "You are a parrot."\n'
ROW = {"prompt": "When do I plant leeks?", "completion": "In spring, you daft turnip."}
TURNS = {"messages": [{"role": "user", "content": "And garlic?"}, {"role": "assistant", "content": "Before frost."}]}
CHAT = b"12/31/23, 9:15 PM - Ina: When do I plant leeks?\n12/31/23, 9:16 PM - Ben: In spring, you daft turnip.\n"
PART = "base_model.model.up.lora_"
ADAPTER = safetensors.numpy.save(
    {f"{PART}A.weight": np.ones((2, 4), np.float32), f"{PART}B.weight": np.ones((4, 2), np.float32)}
)
SCRIPT = b"INA: When?\nBEN: In spring.\nINA: And garlic?\nBEN: Before frost.\n"
SHA256 = hashlib.sha256(ADAPTER).hexdigest()


@dataclass(frozen=True)
class Target:
    """`read` is given a folder in which `file` holds the bytes."""

    file: str
    good: tuple[bytes, ...]
    read: Callable[[Path], object]


def _json(*values: object) -> tuple[bytes, ...]:
    return tuple(json.dumps(value).encode() for value in values)


def _import(name: str, speaker: str | None = None) -> Callable[[Path], object]:
    def read(folder: Path) -> object:
        _persona(folder)
        return read_import(PersonaCatalog(folder), "parrot", ImportRequest(folder / name, speaker=speaker))

    return read


def _persona(folder: Path) -> AdapterRegistry:
    place = folder / "parrot"
    place.mkdir(exist_ok=True)
    (place / "persona.toml").write_bytes(PERSONA)
    return AdapterRegistry(folder)


def _adapter(folder: Path) -> object:
    """Whichever of the three files is missing is a good one."""
    for name, content in ((WEIGHTS, ADAPTER), (MANIFEST, MANIFESTS[0]), ("adapter_config.json", PEFT[0])):
        if not (folder / name).exists():
            (folder / name).write_bytes(content)
    version = AdapterVersion("parrot", 1, SHA256, folder)
    return read_adapter(version, AdapterTarget("base", {"up": (4, 4)}, max_rank=8))


def _sandbox_state(folder: Path) -> None:
    StateFile(folder / "sandbox.json", World(), "").load()


MANIFESTS = _json({"adapter_sha256": SHA256, "base_fingerprint": "base", "reply_ids": [3], "created_at": "2026-01-01"})
PEFT = _json({"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["up"], "bias": "none"})
TARGETS = {
    "card": Target("card", (v2(), png((b"chara", v2())), json.dumps(CARD).encode()),
                   lambda folder: read_character_card((folder / "card").read_bytes())),
    "import of JSON": Target("a.jsonl", _json(ROW, TURNS, [ROW, TURNS]), _import("a.jsonl")),
    "import of a table": Target("a.csv", (b"question,answer\nAnd garlic?,Before frost.\n",), _import("a.csv")),
    "import of a chat": Target("a.txt", (CHAT, SCRIPT), _import("a.txt", "Ben")),
    "persona.toml": Target("parrot/persona.toml", (PERSONA,),
                           lambda folder: read_card(folder / "parrot" / "persona.toml")),
    "examples.jsonl": Target("a.jsonl", _json(ROW), lambda folder: read_pairs(folder / "a.jsonl")),
    "manifest.json": Target(MANIFEST, MANIFESTS, read_manifest),
    "adapter_config.json": Target("adapter_config.json", PEFT, _adapter),
    "adapter's manifest": Target(MANIFEST, MANIFESTS, _adapter),
    "canary.json": Target("parrot/canary.json", _json({"number": 2, "share": 0.2, "since": 1.5}),
                          lambda folder: read_canary(_persona(folder), "parrot")),
    "marked.json": Target("parrot/marked.json", _json({"1": 1.5}), lambda folder: marked(_persona(folder), "parrot")),
    "active": Target("parrot/active", (b"1\n",), lambda folder: _persona(folder).active_number("parrot")),
    "report": Target("parrot/reports/1.json", _json({"adapter_sha256": SHA256, "accepted": True}),
                     lambda folder: read_report(_persona(folder), AdapterVersion("parrot", 1, SHA256, folder))),
    "config.toml": Target("config.toml", (b"[engine]\nmax_rows = 4\n[sampling]\ntemperature = 0.7\n",),
                          lambda folder: load_config(folder / "config.toml", {}).cache_dir),
    ".env": Target(".env", (b"DISCORD_TOKEN=a.b.c\nTROUPE_ENGINE__MAX_ROWS=4\n",),
                   lambda folder: load_config(folder / "config.toml", {}).secrets),
    "sandbox.json": Target("sandbox.json", _json({"version": 1}), _sandbox_state),
}  # fmt: skip
