"""PEFT is the oracle: whatever options are accepted, the base model with what was read gives PEFT's own logits."""

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model

from bot.engine.adapter_checks import AdapterTarget
from bot.engine.adapter_files import read_adapter
from bot.engine.base_model import fingerprint
from tests.tiny import PROJECTIONS, write_manifest

IDS = torch.arange(3, 40)[None]
ATTENTION, MLP = PROJECTIONS[:4], PROJECTIONS[4:]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"init_lora_weights": False},
        {"init_lora_weights": "gaussian"},
        {"init_lora_weights": "orthogonal"},
        {"init_lora_weights": "mica"},
        {"use_rslora": True},
        {"r": 2, "rank_pattern": {"q_proj": 6, "layers.1.mlp.up_proj": 3}},
        {"alpha_pattern": {"layers.1.self_attn.v_proj": 24, "down_proj": 1}},
        {"rank_pattern": {"o_proj": 8}, "alpha_pattern": {"o_proj": 5}, "use_rslora": True},
        {"target_modules": ["q_proj"]},
        {"target_modules": "all-linear"},
        {"target_modules": r".*\.mlp\..*_proj"},
        {"layers_to_transform": [1], "layers_pattern": "layers"},
        {"exclude_modules": ["k_proj"]},
        {"lora_dropout": 0.3},
        {"lora_alpha": 0.5},
        {"qalora_group_size": 8, "ensure_weight_tying": True},
    ],
    ids=str,
)
def test_an_accepted_option_gives_pefts_logits(tiny_model_dir: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    settings = {"r": 4, "lora_alpha": 8, "target_modules": PROJECTIONS, **options}
    _save(tiny_model_dir, tmp_path, settings)
    version = write_manifest(tmp_path, tiny_model_dir, "pirate", 1)
    with torch.inference_mode():
        theirs = PeftModel.from_pretrained(_base(tiny_model_dir), tmp_path).eval()(IDS).logits
        plain = _base(tiny_model_dir)
        shares = read_adapter(version, _target(tiny_model_dir, plain))
        for name, share in shares.items():
            plain.get_submodule(name).weight += (share.b @ share.a.float()).float()
        ours = plain(IDS).logits
    assert (theirs - _base(tiny_model_dir)(IDS).logits).abs().max() > 0.5, "the adapter does something"
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-3)


def _save(model_dir: Path, folder: Path, settings: dict[str, Any]) -> None:
    """Trained, as far as anybody can tell: every weight is somewhere else than where it began."""
    torch.manual_seed(1)
    adapted = get_peft_model(_base(model_dir), LoraConfig(task_type="CAUSAL_LM", **settings))
    with torch.no_grad():
        for name, weight in adapted.named_parameters():
            if "lora_" in name:
                weight += torch.randn_like(weight) * 0.3
    adapted.save_pretrained(folder)


def _base(model_dir: Path) -> Any:
    return transformers.AutoModelForCausalLM.from_pretrained(model_dir, dtype=torch.float32)


def _target(model_dir: Path, model: Any) -> AdapterTarget:
    linear = {n: m for n, m in model.named_modules() if isinstance(m, torch.nn.Linear) and n != "lm_head"}
    layers = {name: (module.in_features, module.out_features) for name, module in linear.items()}
    return AdapterTarget(fingerprint(model_dir), layers, max_rank=8)
