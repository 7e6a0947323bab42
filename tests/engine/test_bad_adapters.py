"""Every adapter that cannot be served is refused with one plain sentence that names the adapter and the remedy."""

import dataclasses
import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from bot.engine.adapter_checks import AdapterTarget
from bot.engine.adapter_files import read_adapter
from bot.engine.adapter_trial import try_out
from bot.engine.base_model import fingerprint
from bot.errors import AdapterError
from bot.versions.registry import MANIFEST, PEFT_CONFIG, WEIGHTS, AdapterVersion
from tests.engine.serving import Ask, answer, running_engine
from tests.tiny import write_manifest, write_random_adapter

FIRST_A = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"


@pytest.fixture
def version(tiny_model_dir: Path, tmp_path: Path) -> AdapterVersion:
    return write_random_adapter(tmp_path / "versions" / "3", tiny_model_dir, "pirate", 3, rank=4)


@pytest.fixture
def target(tiny_model_dir: Path) -> AdapterTarget:
    layers: dict[str, tuple[int, int]] = {}
    for layer in range(2):
        block = f"model.layers.{layer}"
        layers |= {f"{block}.self_attn.{name}": (64, 64) for name in ("q_proj", "o_proj")}
        layers |= {f"{block}.self_attn.{name}": (64, 32) for name in ("k_proj", "v_proj")}
        layers |= {f"{block}.mlp.{name}": (64, 96) for name in ("gate_proj", "up_proj")}
        layers |= {f"{block}.mlp.down_proj": (96, 64)}
    return AdapterTarget(fingerprint(tiny_model_dir), layers, max_rank=8)


def edit_config(version: AdapterVersion, **changes: Any) -> None:
    file = version.path / PEFT_CONFIG
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def edit_manifest(version: AdapterVersion, **changes: Any) -> None:
    file = version.path / MANIFEST
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def edit_weights(
    version: AdapterVersion, model_dir: Path, edit: Callable[[dict[str, torch.Tensor]], None]
) -> AdapterVersion:
    """Other weights with a manifest that agrees with them."""
    tensors = safetensors.torch.load_file(version.path / WEIGHTS)
    edit(tensors)
    safetensors.torch.save_file(tensors, version.path / WEIGHTS)
    return write_manifest(version.path, model_dir, version.persona, version.number)


def refusal(version: AdapterVersion, target: AdapterTarget) -> str:
    with pytest.raises(AdapterError) as refused:
        read_adapter(version, target)
    sentence = str(refused.value)
    assert "\n" not in sentence
    return sentence


def test_a_good_adapter_has_a_share_for_each_layer_it_changes(version: AdapterVersion, target: AdapterTarget) -> None:
    shares = read_adapter(version, target)
    assert shares.keys() == target.layers.keys()


def test_an_adapter_of_another_base_model(version: AdapterVersion, target: AdapterTarget) -> None:
    edit_manifest(version, base_fingerprint="0123456789abcdef")
    assert "pirate v3 was trained for another base model (fingerprint 0123456789abcdef" in refusal(version, target)


def test_a_manifest_that_is_missing(version: AdapterVersion, target: AdapterTarget) -> None:
    (version.path / MANIFEST).unlink()
    assert "manifest.json is missing" in refusal(version, target)


def test_a_folder_that_is_missing(version: AdapterVersion, target: AdapterTarget, tmp_path: Path) -> None:
    gone = AdapterVersion("pirate", 4, version.sha256, tmp_path / "nowhere")
    assert "nowhere does not exist" in refusal(gone, target)


def test_weights_that_were_changed_after_training(version: AdapterVersion, target: AdapterTarget) -> None:
    tensors = safetensors.torch.load_file(version.path / WEIGHTS)
    tensors[FIRST_A] += 1
    safetensors.torch.save_file(tensors, version.path / WEIGHTS)
    assert "was changed after training" in refusal(version, target)


@pytest.mark.parametrize("content", [b"", b"{}", b"\x80\x04pickle", b"\xff" * 64])
def test_a_file_that_is_no_safetensors(version: AdapterVersion, target: AdapterTarget, content: bytes) -> None:
    (version.path / WEIGHTS).write_bytes(content)
    assert "not a valid safetensors file" in refusal(version, target)


def test_a_file_cut_short(version: AdapterVersion, target: AdapterTarget) -> None:
    data = (version.path / WEIGHTS).read_bytes()
    (version.path / WEIGHTS).write_bytes(data[: len(data) // 2])
    assert "not a valid safetensors file" in refusal(version, target)


def test_a_pickle_is_never_loaded(version: AdapterVersion, target: AdapterTarget) -> None:
    (version.path / WEIGHTS).rename(version.path / "adapter_model.bin")
    assert "a pickle such as adapter_model.bin is never loaded" in refusal(version, target)


def test_a_rank_above_the_setting(tiny_model_dir: Path, tmp_path: Path, target: AdapterTarget) -> None:
    version = write_random_adapter(tmp_path / "wide", tiny_model_dir, "pirate", 5, rank=9)
    assert refusal(version, target) == ("pirate v5 has LoRA rank 9, above engine.max_rank = 8; raise engine.max_rank.")


def test_weights_of_another_shape(version: AdapterVersion, target: AdapterTarget, tiny_model_dir: Path) -> None:
    edited = edit_weights(version, tiny_model_dir, lambda t: t.update({FIRST_A: torch.zeros(4, 32)}))
    assert "is 32 × 64 in the adapter and 64 × 64 in the base model" in refusal(edited, target)


def test_half_a_pair(version: AdapterVersion, target: AdapterTarget, tiny_model_dir: Path) -> None:
    edited = edit_weights(version, tiny_model_dir, lambda t: t.__delitem__(FIRST_A))
    assert "lacks a matching pair" in refusal(edited, target)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_weights_that_are_no_numbers(
    version: AdapterVersion, target: AdapterTarget, tiny_model_dir: Path, value: float
) -> None:
    edited = edit_weights(version, tiny_model_dir, lambda t: t.update({FIRST_A: t[FIRST_A].fill_(value)}))
    assert "not finite numbers" in refusal(edited, target)


def test_weights_of_a_layer_that_is_not_adaptable(
    version: AdapterVersion, target: AdapterTarget, tiny_model_dir: Path
) -> None:
    extra = {
        "base_model.model.lm_head.lora_A.weight": torch.zeros(4, 64),
        "base_model.model.lm_head.lora_B.weight": torch.zeros(320, 4),
    }
    edited = edit_weights(version, tiny_model_dir, lambda t: t.update(extra))
    assert "adapts lm_head" in refusal(edited, target)


def test_weights_that_are_no_lora(version: AdapterVersion, target: AdapterTarget, tiny_model_dir: Path) -> None:
    edited = edit_weights(version, tiny_model_dir, lambda t: t.update({"model.norm.weight": torch.ones(64)}))
    assert "'model.norm.weight', which is not a LoRA weight" in refusal(edited, target)


def test_no_weights_at_all(version: AdapterVersion, target: AdapterTarget, tiny_model_dir: Path) -> None:
    edited = edit_weights(version, tiny_model_dir, dict.clear)
    assert "holds no LoRA weights" in refusal(edited, target)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("use_dora", True),
        ("bias", "all"),
        ("modules_to_save", ["lm_head"]),
        ("peft_type", "IA3"),
        ("lora_bias", True),
        ("use_something_new", {"depth": 2}),
        ("trainable_token_indices", [3]),
        ("target_parameters", ["w"]),
    ],
)
def test_peft_options_that_change_the_mathematics(
    version: AdapterVersion, target: AdapterTarget, option: str, value: Any
) -> None:
    edit_config(version, **{option: value})
    assert f"{option} = {value!r}, which this engine cannot serve" in refusal(version, target)


@pytest.mark.parametrize("start", ["pissa", "pissa_niter_16", "olora", "corda", "lora_ga"])
def test_beginnings_that_changed_the_base_model_name_the_conversion_to_plain_lora(
    version: AdapterVersion, target: AdapterTarget, start: str
) -> None:
    edit_config(version, init_lora_weights=start)
    sentence = refusal(version, target)
    assert f"init_lora_weights = '{start}', which changed the base model" in sentence
    assert "path_initial_model_for_weight_conversion" in sentence


def test_a_beginning_that_cannot_be_converted(version: AdapterVersion, target: AdapterTarget) -> None:
    edit_config(version, init_lora_weights="loftq")
    assert refusal(version, target).endswith("train plain LoRA.")


@pytest.mark.parametrize("content", ["", "[]", "{", '"text"'])
def test_a_config_that_is_no_object(version: AdapterVersion, target: AdapterTarget, content: str) -> None:
    (version.path / PEFT_CONFIG).write_text(content)
    assert "adapter_config.json" in refusal(version, target)


@pytest.mark.parametrize("alpha", ["16", None, True, [], {}, math.nan])
def test_an_alpha_that_is_no_number(version: AdapterVersion, target: AdapterTarget, alpha: Any) -> None:
    edit_config(version, lora_alpha=alpha)
    assert f"lora_alpha = {alpha!r}, not a number" in refusal(version, target)


@pytest.mark.parametrize("alpha", [math.inf, -math.inf, 1e38, 1e308, pytest.param(10**400, id="endless")])
def test_an_alpha_that_is_too_large(version: AdapterVersion, target: AdapterTarget, alpha: float) -> None:
    edit_config(version, lora_alpha=alpha)
    assert "and 1e+09 is the most; train it again with a smaller one." in refusal(version, target)


@pytest.mark.parametrize(
    "pattern", [r"(a+)+$", "(.*)*x", ".*q_proj", "q_proj|v_proj", "[qv]_proj", "q_proj+", "", "q" * 300]
)
@pytest.mark.parametrize("option", ["alpha_pattern", "rank_pattern"])
def test_a_regular_expression_in_a_pattern_is_never_run(
    version: AdapterVersion, target: AdapterTarget, option: str, pattern: str
) -> None:
    edit_config(version, **{option: {pattern: 4}})
    sentence = refusal(version, target)
    assert f"{option} with " in sentence
    assert "write modules' names" in sentence


@pytest.mark.parametrize("patterns", [["q_proj"], "q_proj", 3, {f"layer{n}": 1 for n in range(5000)}])
def test_patterns_that_are_no_table_of_names(version: AdapterVersion, target: AdapterTarget, patterns: Any) -> None:
    edit_config(version, alpha_pattern=patterns)
    assert "alpha_pattern that is no table" in refusal(version, target)


def test_an_option_with_an_endless_value_is_told_in_a_short_sentence(
    version: AdapterVersion, target: AdapterTarget
) -> None:
    edit_config(version, use_something_new="x" * 100_000)
    assert len(refusal(version, target)) < 500


def test_a_rank_of_nothing(version: AdapterVersion, target: AdapterTarget, tiny_model_dir: Path) -> None:
    nothing = {FIRST_A: torch.zeros(0, 64), FIRST_A.replace("_A", "_B"): torch.zeros(64, 0)}
    edited = edit_weights(version, tiny_model_dir, lambda t: t.update(nothing))
    assert "lacks a matching pair" in refusal(edited, target)


def test_weights_that_are_finite_until_they_are_scaled(
    version: AdapterVersion, target: AdapterTarget, tiny_model_dir: Path
) -> None:
    edited = edit_weights(version, tiny_model_dir, lambda t: t.update({FIRST_A: t[FIRST_A].fill_(1e38)}))
    edit_config(edited, lora_alpha=1e6)
    assert "can be larger than the numbers that the engine computes with" in refusal(edited, target)


def test_weights_that_only_a_smaller_type_cannot_hold(
    version: AdapterVersion, target: AdapterTarget, tiny_model_dir: Path
) -> None:
    edited = edit_weights(version, tiny_model_dir, lambda t: t.update({FIRST_A: t[FIRST_A].fill_(1e5)}))
    assert read_adapter(edited, target).keys() == target.layers.keys()
    half = dataclasses.replace(target, largest=torch.finfo(torch.float16).max)
    assert "can be larger than the numbers that the engine computes with" in refusal(edited, half)


@pytest.mark.parametrize("name", [WEIGHTS, PEFT_CONFIG, MANIFEST])
@pytest.mark.parametrize("kind", ["folder", "loop", "pipe", "device", "nothing"])
def test_what_is_no_file_to_read(version: AdapterVersion, target: AdapterTarget, name: str, kind: str) -> None:
    file = version.path / name
    file.unlink()
    if kind == "folder":
        file.mkdir()
    elif kind == "pipe":
        os.mkfifo(file)
    else:
        file.symlink_to({"loop": file, "device": Path("/dev/zero"), "nothing": Path("gone")}[kind])
    assert name in refusal(version, target)


def test_weights_without_an_end(version: AdapterVersion, target: AdapterTarget) -> None:
    with (version.path / WEIGHTS).open("wb") as file:
        file.truncate(1 << 40)
    assert "holds more than" in refusal(version, target)


async def test_the_engine_refuses_it_and_nothing_has_changed(
    version: AdapterVersion, tiny_model_dir: Path, tmp_path: Path
) -> None:
    good = write_random_adapter(tmp_path / "good", tiny_model_dir, "critic", 1)
    edit_manifest(version, base_fingerprint="0123456789abcdef")
    async with running_engine(tiny_model_dir, adapter_slots=1) as engine:
        await engine.load(good)
        with pytest.raises(AdapterError, match="another base model"):
            await engine.load(version)
        assert engine.status().resident == (good,)


async def test_one_that_passes_all_checks_and_cannot_answer_is_found_out_before_it_speaks(
    version: AdapterVersion, tiny_model_dir: Path
) -> None:
    def huge(tensors: dict[str, torch.Tensor]) -> None:
        for tensor in tensors.values():
            tensor.sign_().mul_(1e17)

    edited = edit_weights(version, tiny_model_dir, huge)
    async with running_engine(tiny_model_dir) as engine:
        await engine.load(edited)
        with pytest.raises(AdapterError, match="pirate v3 was loaded but cannot answer"):
            await try_out(engine, edited)
        await engine.unload(edited)
        assert (await answer(engine, tiny_model_dir, Ask("Ahoy"))).token_ids, "the others go on"


async def test_a_good_one_answers_when_it_is_tried_out(version: AdapterVersion, tiny_model_dir: Path) -> None:
    async with running_engine(tiny_model_dir) as engine:
        await engine.load(version)
        await try_out(engine, version)
        assert engine.status().resident == (version,)
