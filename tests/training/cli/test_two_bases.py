"""A change of base model, and back: each has versions of its own, and nothing on disk is lost."""

import asyncio
import json

import pytest

from bot.engine.base_model import fingerprint
from bot.versions.registry import AdapterRegistry
from tests.tiny import write_tiny_model
from tests.training.conftest import fill_store


@pytest.fixture
def on_base(project, tiny_base, tmp_path_factory):
    """Set `model.base` to the `first` or the `second` model; the registry of who speaks there."""
    second = write_tiny_model(tmp_path_factory.mktemp("models") / "second", "qwen3", seed=1)
    folders = {"first": tiny_base.path, "second": second}
    config = (project.folder / "config.toml").read_text()

    def on_base(name: str) -> AdapterRegistry:
        chosen = config.replace(str(tiny_base.path), str(folders[name]))
        (project.folder / "config.toml").write_text(chosen)
        return AdapterRegistry(project.folder / "adapters", fingerprint(folders[name]))

    return on_base


def test_each_base_model_has_its_own_version_and_setting_the_base_back_finds_the_first(project, on_base):
    first = on_base("first")
    assert project.cli("rebuild", "parrot").code == 0
    before = {file: file.read_bytes() for file in (project.persona("parrot") / "versions" / "1").iterdir()}

    second = on_base("second")
    assert second.active("parrot") is None, "it speaks from its card there"
    assert project.cli("rebuild", "parrot").code == 0
    assert second.active_number("parrot") == 2
    assert {file: file.read_bytes() for file in before} == before

    on_base("first")
    assert first.active_number("parrot") == 1
    assert project.cli("rollback", "parrot", "--to", "2").code == 1
    assert "was trained on another base model" in project.cli("promote", "parrot", "--number", "2", "--force").err
    report = json.loads((project.persona("parrot") / "reports" / "2.json").read_text())
    assert report["compared_with"] is None, "the first base model's version is no rival"


def test_rebuilding_from_the_same_files_finds_the_version_that_is_there(project):
    assert project.cli("rebuild", "parrot").code == 0
    assert project.cli("rebuild", "parrot").code == 0
    assert project.registry.numbers("parrot") == [1]


def test_a_refused_version_speaks_by_force_alone_and_base_lets_the_card_speak(project):
    project.cli("rebuild", "parrot")
    asyncio.run(fill_store(project.database, 0))
    assert project.cli("train", "parrot", "--seed", "5").code == 0
    refused = project.cli("rollback", "parrot", "--to", "2")
    assert refused.code == 1
    assert "has not been evaluated" in refused.err
    assert project.cli("rollback", "parrot", "--to", "2", "--force", "--json").facts["number"] == 2
    assert "parrot speaks from its card now (was v2)." in project.cli("rollback", "parrot", "--to", "base").out
    assert project.registry.active("parrot") is None
    assert project.cli("rollback", "parrot", "--to", "none").code == 2
