"""A decoder that computes another model fails the probe: wrong windows, positions, scales and adapters are noticed."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import transformers

from bot.engine.base_model import BaseModelFiles, fingerprint
from bot.engine.kv_cache import KVCache
from bot.engine.model import ServedModel
from bot.engine.native import NativeDecoder, NativeUnavailable, PackedModel, load_library, pack_model
from bot.engine.options import DEFAULT_CACHE, EngineOptions
from bot.engine.placement import place
from bot.engine.probe import TOLERANCE, agreement
from bot.engine.reference_logits import PROBE_WINDOW
from bot.errors import AdapterError
from tests.engine.serving import AdapterTarget, files_of, read_adapter
from tests.tiny import write_manifest, write_random_adapter
from tools.architectures import ARCHITECTURES

INT8 = place(EngineOptions(device="cpu", precision="int8"))


def made(name: str, path: Path) -> Path:
    [architecture] = [known for known in ARCHITECTURES if known.name == name]
    return architecture.write(path)


def packed(name: str, path: Path) -> PackedModel:
    model = transformers.AutoModelForCausalLM.from_pretrained(made(name, path), dtype=torch.float32).eval()
    return pack_model(model, {2}, None)


def found(model: PackedModel, rows: int = 2) -> tuple[float, float]:
    try:
        library = load_library(DEFAULT_CACHE)
    except NativeUnavailable as reason:
        pytest.skip(f"no compiled decoder on this machine: {reason}")
    cache = KVCache(model.reference.shapes, rows, 64, torch.empty(0, dtype=torch.bfloat16))
    return agreement(NativeDecoder(library, model.with_windows(PROBE_WINDOW), cache), cache, model.reference, INT8)


def without_windows(model: PackedModel) -> PackedModel:
    return replace(model, facts=replace(model.facts, windows=[0] * len(model.facts.windows)))


def turned_everywhere(model: PackedModel) -> PackedModel:
    kind = next(kind for kind in model.facts.ropes if kind)
    return replace(model, facts=replace(model.facts, ropes=[kind] * len(model.facts.ropes)))


def without_scales(model: PackedModel) -> PackedModel:
    return replace(model, facts=replace(model.facts, shape={**model.facts.shape, "residual_scale": 1.0}))


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("Mistral with a window", without_windows),
        ("Gemma 3", without_windows),
        ("SmolLM3", turned_everywhere),
        ("Granite", without_scales),
    ],
)
def test_what_is_left_out_of_a_model_fails_the_probe(
    name: str, damage: Callable[[PackedModel], PackedModel], tmp_path: Path
) -> None:
    right = packed(name, tmp_path)
    wrong = damage(right)
    assert min(found(right)) > 1 - TOLERANCE
    assert min(found(wrong)) < 1 - TOLERANCE


def test_an_adapter_that_changes_another_layer_fails_the_probe_alone(tmp_path: Path) -> None:
    right = packed("Qwen2", tmp_path)
    swapped = {
        name: right.tensors[name.replace("q_proj", "o_proj") if "q_proj" in name else name] for name in right.tensors
    }
    plain, adapted = found(replace(right, tensors=swapped))
    assert plain > 1 - TOLERANCE > adapted


def test_one_row_is_enough_for_the_probe(tmp_path: Path) -> None:
    assert min(found(packed("Qwen2", tmp_path), rows=1)) > 1 - TOLERANCE


def served(path: Path, precision: str = "fp32", context: int = 64) -> ServedModel:
    return ServedModel(files(path), place(EngineOptions(device="cpu", precision=precision)), 2, context)


def files(path: Path) -> BaseModelFiles:
    return BaseModelFiles("base", path, fingerprint(path))


def test_positions_that_would_change_with_the_batch_are_served_within_the_first_context(tmp_path: Path) -> None:
    assert served(made("Phi-3 long", tmp_path), context=512).context == 128


def test_a_model_that_int8_changes_is_served_in_fp32(tmp_path: Path) -> None:
    model = served(made("Mixtral", tmp_path), "int8")
    assert model.placement.precision == "fp32"


def test_a_model_without_linear_layers_refuses_adapters_in_a_sentence(tmp_path: Path, tiny_model_dir: Path) -> None:
    path = made("GPT-2", tmp_path / "gpt2")
    write_random_adapter(tmp_path / "adapter", tiny_model_dir)
    version = write_manifest(tmp_path / "adapter", path, "pirate", 1)
    target = AdapterTarget(files_of(path).fingerprint, served(path).adaptable_layers(), 16)
    with pytest.raises(AdapterError, match="no linear layers that an adapter may change"):
        read_adapter(version, target)
