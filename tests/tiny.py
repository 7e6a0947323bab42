"""Tiny random models and adapters on disk, made in a second without a network: the seam for engine and training tests.

The models are untrained, with weights large enough that greedy answers vary from prompt to prompt.
"""

import hashlib
import json
from pathlib import Path
from typing import Any, Literal

import torch
import transformers
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from bot.engine.base_model import fingerprint
from bot.versions.registry import MANIFEST, WEIGHTS, AdapterVersion

Kind = Literal["llama", "qwen3", "gemma3"]

CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
CORPUS = (
    "Ahoy, mateys! What is a car? Explain gravity. Is Paris in France? The cat sat on the mat. Naïve café 🙂 日本語 "
)
PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def write_tiny_model(path: Path, kind: Kind = "llama", seed: int = 0) -> Path:
    """A random model of `kind`'s shape (2 to 4 layers, 320 token ids) with a byte-level tokenizer; returns `path`.

    The tokenizer has a ChatML template and ends turns with <|im_end|>.
    """
    tokenizer = _tokenizer()
    config = _config(kind, len(tokenizer), tokenizer)
    torch.manual_seed(seed)
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path


def write_random_adapter(
    path: Path,
    model_dir: Path,
    persona: str = "pirate",
    number: int = 1,
    rank: int = 4,
    seed: int = 0,
    **options: Any,
) -> AdapterVersion:
    """A random LoRA adapter of `model_dir`'s model, with its manifest, in the version folder `path`.

    Its effect is large: its greedy answers differ from the base model's. `options` override LoraConfig's.
    """
    model = transformers.AutoModelForCausalLM.from_pretrained(model_dir, dtype=torch.float32)
    settings: dict[str, Any] = {"r": rank, "lora_alpha": 2 * rank, "target_modules": PROJECTIONS, **options}
    torch.manual_seed(seed + 1000)
    adapted = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", init_lora_weights=False, **settings))
    adapted.save_pretrained(path)
    (path / "README.md").unlink(missing_ok=True)
    return write_manifest(path, model_dir, persona, number)


def write_overflowing_adapter(path: Path, model_dir: Path) -> AdapterVersion:
    """An adapter that passes every check, though what the model computes with it overflows after a layer or two."""
    write_random_adapter(path, model_dir, "huge", 1)
    tensors = load_file(path / WEIGHTS)
    save_file({name: 1e36 * t if ".lora_B." in name else t for name, t in tensors.items()}, path / WEIGHTS)
    return write_manifest(path, model_dir, "huge", 1)


def write_manifest(path: Path, model_dir: Path, persona: str, number: int) -> AdapterVersion:
    """The manifest of the weights that now lie in `path`, as publishing writes it."""
    sha256 = hashlib.sha256((path / WEIGHTS).read_bytes()).hexdigest()
    manifest = {
        "adapter_sha256": sha256,
        "base_fingerprint": fingerprint(model_dir),
        "persona": persona,
        "number": number,
    }
    (path / MANIFEST).write_text(json.dumps(manifest, indent=2), encoding="utf-8")
    return AdapterVersion(persona, number, sha256, path)


def _tokenizer() -> Any:
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=[AddedToken(token, special=True) for token in SPECIAL],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    backend.train_from_iterator([CORPUS] * 4, trainer)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        unk_token="<|endoftext|>",
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
    )


def _config(kind: Kind, vocabulary: int, tokenizer: Any) -> Any:
    shape: dict[str, Any] = {
        "vocab_size": vocabulary,
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "max_position_embeddings": 512,
        "initializer_range": 0.25,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    if kind == "llama":
        return transformers.LlamaConfig(**shape, tie_word_embeddings=True)
    if kind == "qwen3":
        return transformers.Qwen3Config(**shape, tie_word_embeddings=False)
    layers = ["sliding_attention", "sliding_attention", "full_attention", "sliding_attention"]
    return transformers.Gemma3TextConfig(
        **{**shape, "num_hidden_layers": 4},
        layer_types=layers,
        sliding_window=8,
        query_pre_attn_scalar=16,
        tie_word_embeddings=False,
    )
