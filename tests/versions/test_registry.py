import json
from pathlib import Path

import pytest

from bot.errors import AdapterError, PublishError
from bot.versions.registry import AdapterRegistry, write_atomically


@pytest.fixture
def registry(tmp_path) -> AdapterRegistry:
    return AdapterRegistry(tmp_path)


def add_version(registry: AdapterRegistry, number: int, persona: str = "pirate", base: str | None = None) -> Path:
    path = registry.folder / persona / "versions" / str(number)
    path.mkdir(parents=True)
    manifest = {"adapter_sha256": f"sha-{number}", **({"base_fingerprint": base} if base else {})}
    (path / "manifest.json").write_text(json.dumps(manifest))
    return path


def test_each_base_model_has_its_own_active_version(registry, tmp_path):
    for number, base in ((1, "small"), (2, "large"), (3, "small")):
        add_version(registry, number, base=base)
        registry.activate("pirate", number)
    small, large, other = (AdapterRegistry(tmp_path, base) for base in ("small", "large", "other"))
    assert [of.active_number("pirate") for of in (small, large, other)] == [3, 2, None]
    assert [of.active_elsewhere("pirate") for of in (small, large, other)] == [[2], [3], [2, 3]]
    assert (registry.folder / "pirate" / "active").read_text() == "large 2\nsmall 3\n"
    small.deactivate("pirate", 3)
    assert (small.active_number("pirate"), large.active_number("pirate")) == (None, 2)


def test_a_pointer_of_older_days_is_read_as_a_line_for_its_versions_own_base_model(registry, tmp_path):
    add_version(registry, 1, base="small")
    add_version(registry, 2, base="large")
    (registry.folder / "pirate" / "active").write_text("1\n")
    small, large = AdapterRegistry(tmp_path, "small"), AdapterRegistry(tmp_path, "large")
    assert (small.active_number("pirate"), large.active_number("pirate")) == (1, None)
    large.activate("pirate", 2)
    assert (registry.folder / "pirate" / "active").read_text() == "small 1\nlarge 2\n"
    assert (small.active_number("pirate"), large.active_number("pirate")) == (1, 2)


def test_a_version_that_does_not_say_its_base_model_speaks_on_any(registry, tmp_path):
    add_version(registry, 1)
    registry.activate("pirate", 1)
    assert AdapterRegistry(tmp_path, "small").active_number("pirate") == 1


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
    with pytest.raises(AdapterError, match="must be lines of a base model's fingerprint and a version number"):
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
