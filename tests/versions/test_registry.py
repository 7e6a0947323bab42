import json
from pathlib import Path

import pytest

from bot.errors import AdapterError, PublishError
from bot.versions.registry import AdapterRegistry, write_atomically


@pytest.fixture
def registry(tmp_path) -> AdapterRegistry:
    return AdapterRegistry(tmp_path)


def add_version(registry: AdapterRegistry, number: int, persona: str = "pirate") -> Path:
    path = registry.folder / persona / "versions" / str(number)
    path.mkdir(parents=True)
    (path / "manifest.json").write_text(json.dumps({"adapter_sha256": f"sha-{number}"}))
    return path


def test_versions_are_listed_by_number_not_by_name(registry):
    for number in (10, 9, 1):
        add_version(registry, number)
    assert [version.number for version in registry.versions("pirate")] == [1, 9, 10]
    assert registry.next_number("pirate") == 11


def test_a_persona_without_a_pointer_is_prompt_only(registry):
    add_version(registry, 1)
    assert registry.active("pirate") is None


def test_activating_a_version_makes_it_the_active_one(registry):
    add_version(registry, 1)
    add_version(registry, 2)
    registry.activate("pirate", 2)
    active = registry.active("pirate")
    assert active is not None
    assert (active.number, active.sha256) == (2, "sha-2")


def test_identity_is_persona_number_and_content(registry, tmp_path):
    add_version(registry, 1)
    here = registry.version("pirate", 1)
    elsewhere = AdapterRegistry(tmp_path).version("pirate", 1)
    assert here == elsewhere
    (here.path / "manifest.json").write_text(json.dumps({"adapter_sha256": "other"}))
    assert registry.version("pirate", 1) != here


@pytest.mark.parametrize("text", ["", "two", "-1", "0", "1.5", "../../etc", "9" * 40])
def test_a_pointer_that_is_no_number_is_refused_with_its_value(registry, text):
    add_version(registry, 1)
    (registry.folder / "pirate" / "active").write_text(text)
    with pytest.raises(AdapterError, match="must be one version number"):
        registry.active("pirate")


def test_a_pointer_to_a_version_that_is_gone_says_so(registry):
    add_version(registry, 1)
    (registry.folder / "pirate" / "active").write_text("7")
    with pytest.raises(AdapterError, match=r"manifest\.json is missing"):
        registry.active("pirate")


def test_a_missing_version_cannot_be_activated(registry):
    add_version(registry, 1)
    registry.activate("pirate", 1)
    with pytest.raises(AdapterError):
        registry.activate("pirate", 2)
    assert registry.active_number("pirate") == 1


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"adapter_sha256": 5}', "{"])
def test_a_manifest_edited_by_hand_is_refused(registry, manifest):
    path = add_version(registry, 1)
    (path / "manifest.json").write_text(manifest)
    with pytest.raises(AdapterError, match=r"manifest\.json"):
        registry.version("pirate", 1)


def test_a_failed_write_leaves_the_old_content_and_no_litter(tmp_path):
    target = tmp_path / "active"
    target.mkdir()  # a directory cannot be replaced by a file
    (target / "kept").touch()
    with pytest.raises(PublishError, match="nothing was changed"):
        write_atomically(target, "2")
    assert [path.name for path in tmp_path.iterdir()] == ["active"]
