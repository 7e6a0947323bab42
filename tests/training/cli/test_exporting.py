"""`export` writes what PEFT loads, with a card that counts and quotes nobody."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.places import REPOSITORY
from training.__main__ import app


@pytest.fixture
def config(tmp_path: Path) -> Path:
    shutil.copytree(REPOSITORY / "adapters" / "pirate", tmp_path / "adapters" / "pirate")
    (tmp_path / "config.toml").write_text("")
    return tmp_path / "config.toml"


def test_a_shipped_version_becomes_a_folder_for_the_hub(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"

    told = CliRunner().invoke(app, ["export", "pirate", "--number", "1", "--out", str(out), "--config", str(config)])

    assert told.exit_code == 0, told.output
    described = json.loads((out / "adapter_config.json").read_text())
    assert described["base_model_name_or_path"] == "HuggingFaceTB/SmolLM2-135M-Instruct"
    source = tmp_path / "adapters" / "pirate" / "versions" / "1"
    assert (out / "adapter_model.safetensors").read_bytes() == (source / "adapter_model.safetensors").read_bytes()
    card = (out / "README.md").read_text()
    assert "license: apache-2.0" in card
    assert "| seed | 131 |" in card
    learned = [json.loads(line) for line in (REPOSITORY / "adapters" / "pirate" / "examples.jsonl").open()]
    assert not [pair for pair in learned if pair["completion"] in card]


def test_pushing_without_a_token_says_what_is_missing(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)

    told = CliRunner().invoke(app, ["export", "pirate", "--push", "someone/pirate", "--config", str(config)])

    assert "set HF_TOKEN" in str(told.exception)
