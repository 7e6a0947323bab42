"""A packed model serves as the model it was made from, without that model's float weights; what is stale or damaged is
packed anew."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from torch import Tensor

from bot.engine.base_model import BaseModelFiles
from bot.engine.model import ServedModel
from bot.engine.native import NativeUnavailable, load_library
from bot.engine.options import DEFAULT_CACHE, EngineOptions
from bot.engine.placement import place
from bot.engine.step import Segment, Step
from tests.engine.serving import files_of
from tests.tiny import Kind, write_tiny_model

KINDS: list[Kind] = ["llama", "qwen3", "gemma3"]


@pytest.fixture(scope="module")
def library() -> Path:
    try:
        load_library(DEFAULT_CACHE)
    except NativeUnavailable as reason:
        pytest.skip(f"no compiled decoder on this machine: {reason}")
    return DEFAULT_CACHE.expanduser() / "native"


@pytest.fixture
def cache_dir(tmp_path: Path, library: Path) -> Path:
    """Without packs, but with the compiled library."""
    torch.set_num_threads(1)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "native").symlink_to(library)
    return tmp_path / "cache"


@pytest.fixture
def files(tmp_path: Path, tiny_model_dir: Path) -> BaseModelFiles:
    """A model of the test's own."""
    return files_of(Path(shutil.copytree(tiny_model_dir, tmp_path / "model")))


def served(files: BaseModelFiles, cache_dir: Path) -> ServedModel:
    return ServedModel(files, place(EngineOptions(device="cpu", precision="int8")), 2, 128, cache_dir)


def logits(model: ServedModel) -> Tensor:
    return model.run(Step.of([Segment(0, 0, 0, tuple(range(5, 45)))], torch.device("cpu"), torch.float32))


def pack(cache_dir: Path) -> Path:
    [file] = (cache_dir / "packed").iterdir()
    return file


@pytest.mark.parametrize("kind", KINDS)
def test_the_next_start_needs_no_float_weights_and_gives_the_same_bits(
    kind: Kind, tmp_path: Path, cache_dir: Path
) -> None:
    files = files_of(write_tiny_model(tmp_path / "model", kind))
    first = served(files, cache_dir)
    (files.path / "model.safetensors").unlink()
    second = served(files, cache_dir)
    assert first.compiled
    assert second.compiled
    assert torch.equal(logits(second), logits(first))
    assert (second.context, second.end_ids(), second.adaptable_layers()) == (
        first.context,
        first.end_ids(),
        first.adaptable_layers(),
    )


def test_another_description_of_the_model_is_packed_anew(files: BaseModelFiles, cache_dir: Path) -> None:
    before = logits(served(files, cache_dir))
    config = json.loads((files.path / "config.json").read_text())
    config["rope_parameters"]["rope_theta"] *= 3
    (files.path / "config.json").write_text(json.dumps(config))
    model = served(files, cache_dir)
    assert model.compiled
    assert not torch.equal(logits(model), before)
    assert pack(cache_dir).is_file()


def zero_the_middle(data: bytes) -> bytes:
    """Weights that are read without complaint and compute something else: the probe finds them."""
    third = len(data) // 3
    return data[:third] + bytes(third) + data[2 * third :]


DAMAGES = {"cut": lambda data: data[: len(data) // 2], "none": lambda _: b"", "other": lambda _: b"no pack at all" * 9}


@pytest.mark.parametrize("damage", [*DAMAGES.values(), zero_the_middle], ids=[*DAMAGES, "zeros"])
def test_a_damaged_pack_is_made_anew(damage, files: BaseModelFiles, cache_dir: Path) -> None:
    before = logits(served(files, cache_dir))
    pack(cache_dir).write_bytes(damage(pack(cache_dir).read_bytes()))
    model = served(files, cache_dir)
    assert model.compiled
    assert torch.equal(logits(model), before)
    (files.path / "model.safetensors").unlink()
    assert torch.equal(logits(served(files, cache_dir)), before), "the new pack serves the next start"


def test_where_packs_cannot_be_written_the_model_is_served_all_the_same(
    files: BaseModelFiles, cache_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (cache_dir / "packed").write_text("in the way")
    assert served(files, cache_dir).compiled
    assert "cannot be written" in caplog.text
