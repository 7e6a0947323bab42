"""What votes taught is averaged with the version that speaks, where both began alike; and says so."""

import asyncio
import json

import pytest
import safetensors.torch
import torch

from tests.training.conftest import Project, fill_store

WEIGHTS = "adapter_model.safetensors"


@pytest.fixture
def speaking(project) -> Project:
    """A parrot whose v1 learned from three likes."""
    asyncio.run(fill_store(project.database, liked=3))
    assert project.cli("train", "parrot").code == 0
    assert project.cli("promote", "parrot", "--force").code == 0
    return project


def manifest(project: Project, number: int) -> dict:
    return json.loads((project.persona("parrot") / "versions" / str(number) / "manifest.json").read_text())


def weights(project: Project, number: int) -> dict[str, torch.Tensor]:
    return safetensors.torch.load_file(project.persona("parrot") / "versions" / str(number) / WEIGHTS)


def test_of_the_version_that_speaks_most_is_kept_while_the_votes_prove_nothing(speaking, monkeypatch):
    assert speaking.cli("train", "parrot", "--epochs", "2").code == 0
    monkeypatch.setenv("TROUPE_TRAINING__KEPT_SHARE", "0")
    assert speaking.cli("train", "parrot", "--epochs", "2").code == 0
    before, mixed, alone = (weights(speaking, number) for number in (1, 2, 3))
    for name, tensor in mixed.items():
        assert torch.allclose(tensor.float(), 0.75 * before[name].float() + 0.25 * alone[name].float(), atol=1e-3)
    assert any(not torch.equal(mixed[name], alone[name]) for name in mixed)
    first, second = manifest(speaking, 1), manifest(speaking, 2)
    assert second["averaged_with"] == {"number": 1, "sha256": first["adapter_sha256"], "share": 0.75}
    assert set(first["reply_ids"]) <= set(second["reply_ids"]), "forgetting a member finds both"


def test_nothing_is_averaged_that_has_nothing_in_common(speaking):
    """With another seed, without feedback, and where nothing speaks."""
    assert speaking.cli("train", "parrot", "--seed", "8").code == 0
    speaking.database.unlink()
    asyncio.run(fill_store(speaking.database, liked=0))
    assert speaking.cli("train", "parrot").code == 0
    asyncio.run(fill_store(speaking.database, liked=3))
    (speaking.persona("parrot") / "active").unlink()
    assert speaking.cli("train", "parrot").code == 0
    assert not any("averaged_with" in manifest(speaking, number) for number in (2, 3, 4))
