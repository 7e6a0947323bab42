"""The loop learns a taste that nobody told it: `make learn` in small, with a tiny model."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from benchmarks.learning.members import Crowd
from benchmarks.learning.rounds import village
from benchmarks.learning.tastes import Taste
from bot.config import load_config
from tests.tiny import write_tiny_model

pytestmark = pytest.mark.timeout(300)

CONFIG = """
[model]
base = "{base}"
precision = "fp32"
cache_dir = "cache"
[engine]
max_rows = 8
context_tokens = 256
threads = 1
[sampling]
temperature = 0.9
max_tokens = 12
[personas]
default = "parrot"
[training]
epochs = 12.0
learning_rate = 5e-3
precision = "fp32"
sampled_prompts = 4
sampled_answers = 2
sampled_facts = 4
preservation_share = 0.0
[gate]
min_probes = 0
min_heldout = 0
min_knowledge_kept = 0.0
probes = 2
"""
CARD = 'name = "parrot"\ndisplay_name = "Polly"\ndescription = "A bird."\nsystem_prompt = "You are a parrot."\n'
ASKED = "ale ape bat bee cat cod dog eel elk ewe fig fox gem gnu hay hen ink ivy jam jar keg kit".split()  # noqa: SIM905
UNSEEN = ["rice", "rum", "sap", "sea", "silk", "soup", "tar", "tea", "tin", "toad", "vine", "wax", "web", "wine"]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A parrot without an adapter: it speaks gibberish. Its own examples are statements."""
    parrot = tmp_path / "adapters" / "parrot"
    parrot.mkdir(parents=True)
    (parrot / "persona.toml").write_text(CARD)
    seeds = [{"prompt": f"And {word}?", "completion": f"Aye {word}!"} for word in ASKED]
    (parrot / "examples.jsonl").write_text("".join(json.dumps(seed) + "\n" for seed in seeds))
    (tmp_path / "config.toml").write_text(CONFIG.format(base=write_tiny_model(tmp_path / "tiny")))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield tmp_path
    torch.set_num_threads(threads)


async def test_a_persona_takes_on_what_its_members_like_though_a_fifth_of_them_are_trolls(home: Path):
    asks_back = Taste("asks back", lambda reply: reply.endswith("?"), lambda _: "Nay sir?")
    crowd = Crowd(asks_back, trolls=0.2, corrections=0.5)
    unseen = [f"What of {word}?" for word in UNSEEN]
    async with village(load_config(home / "config.toml", {}), "parrot", crowd, seed=1) as people:
        before = await people.approval(unseen)
        await people.talk_and_vote([f"What of {word}?" for word in ASKED], voters=3)
        told = await people.retrain()
        after = await people.approval(unseen)

    assert told["dataset"]["unreliable"] == 2
    assert told["promotion"]["number"] == 1
    assert after >= before + 0.4
