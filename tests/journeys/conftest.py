"""A home of its own for each journey: the shipped personas, a fresh database, and training small enough for a test."""

import shutil
from pathlib import Path

import pytest

from tests.places import REPOSITORY

CONFIG = """
[model]
precision = "fp32"

[sandbox]
port = 0

[sampling]
max_tokens = 60

[training]
epochs = 1.0
seed_pairs = 12
sampled_facts = 4
preservation_share = 0.25
min_voters = 1

[gate]
min_probes = 0
min_heldout = 0
max_liked_loss_ratio = 3.0
max_preservation_loss_ratio = 3.0
max_degenerate_rate = 1.0
min_knowledge_kept = 0.0
min_probes_kept = 0.0
max_repetition_rise = 1.0
max_length_drift = 100.0
probes = 2
"""
HELDOUT_PROMPTS = 2


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """config.toml, adapters/ (each persona's active version and a few held-out prompts), and room for data/."""
    (tmp_path / "config.toml").write_text(CONFIG)
    shutil.copytree(REPOSITORY / "adapters", tmp_path / "adapters", ignore=shutil.ignore_patterns("reports"))
    for heldout in (tmp_path / "adapters").glob("*/heldout.jsonl"):
        lines = heldout.read_text().splitlines()[:HELDOUT_PROMPTS]
        heldout.write_text("\n".join(lines) + "\n")
    return tmp_path
