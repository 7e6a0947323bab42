"""Adapters made elsewhere: what is taken, what is refused with its remedy, and that the gate asks for proof."""

import json
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
import transformers
from peft import LoraConfig, get_peft_model

from bot.versions.registry import MANIFEST, PEFT_CONFIG, WEIGHTS
from tests.tiny import PROJECTIONS

CASES = Path(__file__).parents[4] / "shared" / "cases"
EMBEDDINGS = "base_model.model.model.embed_tokens.weight"
PREFIX = "base_model.model.model.layers."


@pytest.fixture
def foreign(tiny_base, tmp_path):
    """A PEFT folder as somebody else's training leaves it: no manifest, a name of the base that is not ours."""

    def foreign(**options: Any) -> Path:
        model = transformers.AutoModelForCausalLM.from_pretrained(tiny_base.path, dtype=torch.float32)
        torch.manual_seed(3)
        settings = {"r": 4, "lora_alpha": 8, "target_modules": PROJECTIONS, "init_lora_weights": False, **options}
        adapted = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **settings))
        adapted.save_pretrained(tmp_path / "foreign")
        return tmp_path / "foreign"

    return foreign


def edit_tensors(folder: Path, edit: Any) -> None:
    tensors = safetensors.torch.load_file(folder / WEIGHTS)
    edit(tensors)
    safetensors.torch.save_file(tensors, folder / WEIGHTS)


def versions(project: Any, persona: str = "parrot") -> list[int]:
    return project.registry.numbers(persona)


def test_an_adapter_made_elsewhere_becomes_a_version_with_a_manifest_and_a_report(project, foreign, tiny_base):
    outcome = project.cli("adopt", "parrot", str(foreign(use_rslora=True)), "--json")
    manifest = json.loads((project.persona("parrot") / "versions" / "1" / MANIFEST).read_text())
    assert manifest["base_fingerprint"] == tiny_base.fingerprint
    assert manifest["adopted_from"]["origin"].endswith("foreign")
    assert outcome.facts["report"]["adapter_sha256"] == manifest["adapter_sha256"]
    config = json.loads((project.persona("parrot") / "versions" / "1" / PEFT_CONFIG).read_text())
    assert config["use_rslora"] is True, "what its weights mean is kept"


def test_random_noise_does_not_speak_for_a_persona_that_nothing_can_judge(project, foreign):
    outcome = project.cli("adopt", "mute", str(foreign()))
    assert outcome.code == 3
    assert "mute v1: refused; it will not speak." in outcome.out
    assert "✗ evidence: too little to trust it; it needs a gain in character over the base model" in outcome.out
    assert project.registry.active_number("mute") is None


def test_embeddings_that_equal_the_base_models_are_passed_over(project, foreign, tiny_base):
    folder = foreign()
    base = safetensors.torch.load_file(tiny_base.path / "model.safetensors")
    edit_tensors(folder, lambda tensors: tensors.update({EMBEDDINGS: base["model.embed_tokens.weight"].clone()}))
    outcome = project.cli("adopt", "parrot", str(folder), "--json")
    assert outcome.facts["adopted"]["passed_over"] == [EMBEDDINGS]
    kept = safetensors.torch.load_file(project.persona("parrot") / "versions" / "1" / WEIGHTS)
    assert EMBEDDINGS not in kept
    assert len(kept) == 2 * 2 * len(PROJECTIONS)


def test_embeddings_that_were_trained_are_refused_by_name(project, foreign):
    folder = foreign()
    edit_tensors(folder, lambda tensors: tensors.update({EMBEDDINGS: torch.zeros(320, 64)}))
    outcome = project.cli("adopt", "parrot", str(folder))
    assert outcome.code == 1
    assert EMBEDDINGS in outcome.err
    assert "save_embedding_layers=False" in outcome.err
    assert versions(project) == []


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"init_lora_weights": "pissa"}, "path_initial_model_for_weight_conversion"),
        ({"use_dora": True}, "use_dora = True, which this engine cannot serve"),
        ({"r": 8}, "has LoRA rank 8, above engine.max_rank = 4"),
    ],
)
def test_what_the_engine_would_not_compute_exactly_is_refused_before_anything_is_written(
    project, foreign, options, sentence
):
    outcome = project.cli("adopt", "parrot", str(foreign(**options)))
    assert outcome.code == 1
    assert sentence in outcome.err
    assert versions(project) == []


def test_an_adapter_of_another_shape_is_refused(project, foreign):
    folder = foreign()
    narrow = {f"{PREFIX}{n}.self_attn.q_proj.lora_A.weight": torch.zeros(4, 32) for n in range(2)}
    edit_tensors(folder, lambda tensors: tensors.update(narrow))
    outcome = project.cli("adopt", "parrot", str(folder))
    assert outcome.code == 1
    assert "is 32 × 64 in the adapter and 64 × 64 in the base model" in outcome.err
    assert str(folder) in outcome.err


def test_a_folder_that_is_none_and_one_without_an_adapter_say_so(project, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "there is no such folder" in project.cli("adopt", "parrot", "/no/such folder").err
    assert "save_pretrained" in project.cli("adopt", "parrot", str(tmp_path / "empty")).err


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases are kept beside the repository")
def test_the_pissa_case_is_refused_with_pefts_conversion(project):
    outcome = project.cli("adopt", "parrot", str(CASES / "adapter-pissa"))
    assert outcome.code == 1
    assert "init_lora_weights = 'pissa'" in outcome.err
