"""What servers find in the folder: adapters that passed every check, whole, and under names that mean one thing."""

import json
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from bot.engine.adapter_checks import AdapterTarget, check_adapter
from bot.engine.base_model import projection_shapes
from bot.engine.vllm.published import PublishedAdapters
from bot.errors import AdapterError
from bot.versions.registry import WEIGHTS, AdapterVersion
from tests.engine.serving import files_of
from tests.tiny import write_manifest, write_random_adapter


@pytest.fixture
def target(tiny_model_dir: Path) -> AdapterTarget:
    files = files_of(tiny_model_dir)
    return AdapterTarget(files.fingerprint, projection_shapes(files), max_rank=8)


@pytest.fixture
def published(tmp_path: Path, target: AdapterTarget) -> PublishedAdapters:
    return PublishedAdapters(tmp_path / "served", "/models/tiny", target)


def found(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "served").glob("*"))


def test_weights_that_are_not_finite_are_never_published(published, tmp_path, tiny_model_dir):
    version = write_random_adapter(tmp_path / "pirate", tiny_model_dir)
    tensors = safetensors.numpy.load_file(version.path / WEIGHTS)
    next(iter(tensors.values()))[0, 0] = np.nan
    safetensors.numpy.save_file(tensors, version.path / WEIGHTS)
    with pytest.raises(AdapterError, match="not finite"):
        published.publish(write_manifest(version.path, tiny_model_dir, "pirate", 1))
    assert found(tmp_path) == []


def test_a_rank_that_servers_have_no_room_for_is_never_published(published, tmp_path, tiny_model_dir):
    with pytest.raises(AdapterError, match=r"engine\.max_rank"):
        published.publish(write_random_adapter(tmp_path / "pirate", tiny_model_dir, rank=16))
    assert found(tmp_path) == []


def test_a_name_that_leads_elsewhere_is_refused(published, tmp_path, tiny_model_dir):
    version = write_random_adapter(tmp_path / "pirate", tiny_model_dir, persona="../pirate")
    with pytest.raises(AdapterError, match="not a name"):
        published.publish(version)


def test_a_folder_that_cannot_be_written_is_named(tmp_path, target):
    (tmp_path / "served").write_text("a file")
    with pytest.raises(AdapterError, match=r"vllm.adapters = .*served"):
        PublishedAdapters(tmp_path / "served", "/models/tiny", target).publish_nothing()


def test_layers_with_an_alpha_of_their_own_are_scaled_in_the_weights(published, tmp_path, tiny_model_dir, target):
    version = write_random_adapter(tmp_path / "pirate", tiny_model_dir, alpha_pattern={"q_proj": 32}, lora_alpha=4)
    published.publish(version)
    folder = tmp_path / "served" / published.name_of(version)
    config = json.loads((folder / "adapter_config.json").read_text())
    assert (config["r"], config["lora_alpha"], config["base_model_name_or_path"]) == (4, 4, "/models/tiny")
    tensors = safetensors.numpy.load_file(folder / WEIGHTS)
    for module, share in check_adapter(version, target).items():
        np.testing.assert_allclose(tensors[f"base_model.model.{module}.lora_B.weight"], share.b * share.scaling)
    assert "alpha_pattern" not in config


def test_rows_without_an_adapter_get_one_that_changes_nothing(published, tmp_path, target):
    published.publish_nothing()
    published.publish_nothing()
    tensors = safetensors.numpy.load_file(tmp_path / "served" / published.name_of(None) / WEIGHTS)
    assert len(tensors) == 2 * len(target.layers)
    assert not any(tensor.any() for tensor in tensors.values())


def test_publishing_again_and_withdrawing_leave_nothing_behind(published, tmp_path, tiny_model_dir):
    version: AdapterVersion = write_random_adapter(tmp_path / "pirate", tiny_model_dir)
    published.publish(version)
    published.publish(version)
    assert found(tmp_path) == [published.name_of(version)]
    published.withdraw(version)
    assert found(tmp_path) == []
