"""Models of known shapes with random weights, built on the device: speed does not depend on what weights say."""

import gc
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors.torch import save_file
from torch import Tensor, nn

from bot.versions.registry import PEFT_CONFIG, WEIGHTS
from tests.tiny import PROJECTIONS, write_manifest, write_tiny_model

RANK = 16
SHARD = "4GB"
SHAPES = {
    "qwen3-1.7b": transformers.Qwen3Config(
        vocab_size=151936,
        hidden_size=2048,
        intermediate_size=6144,
        num_hidden_layers=28,
        num_attention_heads=16,
        num_key_value_heads=8,
        head_dim=128,
        max_position_embeddings=40960,
        tie_word_embeddings=True,
    ),
    "llama-3.1-8b": transformers.LlamaConfig(
        vocab_size=128256,
        hidden_size=4096,
        intermediate_size=14336,
        num_hidden_layers=32,
        num_attention_heads=32,
        num_key_value_heads=8,
        head_dim=128,
        max_position_embeddings=131072,
        tie_word_embeddings=False,
    ),
    "tiny": transformers.LlamaConfig(  # to see that everything runs, on any device
        vocab_size=512,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        max_position_embeddings=2048,
        tie_word_embeddings=False,
    ),
}


def write_model(shape: str, folder: Path, device: str) -> Path:
    """A transformers folder in bf16 (an 8B model: 16 GB), with the tiny models' tokenizer; returns it."""
    write_tiny_model(folder / "tokenizer")
    target = folder / "model"
    with torch.device(device):
        model = transformers.AutoModelForCausalLM.from_config(SHAPES[shape], dtype=torch.bfloat16)
    model.generation_config.eos_token_id = None
    model.save_pretrained(target, max_shard_size=SHARD)
    transformers.AutoTokenizer.from_pretrained(folder / "tokenizer").save_pretrained(target)
    del model
    gc.collect()
    if device != "cpu":
        torch.cuda.empty_cache()
    return target


def write_adapter(model: Path, target: Path) -> Path:
    """A random adapter of rank 16 on all projections, in PEFT's format; returns `target`."""
    with torch.device("meta"):
        bare = transformers.AutoModelForCausalLM.from_config(transformers.AutoConfig.from_pretrained(model))
    target.mkdir()
    save_file(dict(_shares(bare)), target / WEIGHTS)
    config = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": RANK, "lora_alpha": 2 * RANK, "bias": "none"}
    (target / PEFT_CONFIG).write_text(json.dumps({**config, "target_modules": PROJECTIONS}))
    write_manifest(target, model, "random", 1)
    return target


def _shares(model: Any) -> Iterator[tuple[str, Tensor]]:
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Linear) and name.rpartition(".")[2] in PROJECTIONS:
            prefix = f"base_model.model.{name}"
            yield f"{prefix}.lora_A.weight", torch.randn(RANK, layer.in_features) * layer.in_features**-0.5
            yield f"{prefix}.lora_B.weight", torch.randn(layer.out_features, RANK) * 0.01
