"""Tiny random models, one for each architecture that people ask for: what the support table is made from."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import transformers

VOCABULARY = 320
WINDOW = 8
Settings = dict[str, Any]
UNKNOWN = object()  # for what a config does not take

SHAPE: Settings = {
    "vocab_size": VOCABULARY,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 512,
    "initializer_range": 0.25,
    "bos_token_id": None,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
EXPERTS: Settings = {
    "num_experts": 4,
    "num_local_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 48,
    "shared_expert_intermediate_size": 48,
    "decoder_sparse_step": 1,
}
DEEPSEEK: Settings = {
    **EXPERTS,
    "num_key_value_heads": 4,
    "n_routed_experts": 4,
    "n_shared_experts": 1,
    "n_group": 1,
    "topk_group": 1,
    "first_k_dense_replace": 1,
    "kv_lora_rank": 16,
    "q_lora_rank": 16,
    "qk_rope_head_dim": 8,
    "qk_nope_head_dim": 16,
    "v_head_dim": 16,
    "head_dim": 8,
}
PICTURES: Settings = {
    "hidden_size": 32,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "image_size": 28,
    "patch_size": 14,
}
GPT: Settings = {"n_embd": 64, "n_layer": 2, "n_head": 4, "n_inner": 96, "n_positions": 512, "n_ctx": 512}
SLIDING: Settings = {"sliding_window": WINDOW, "layer_types": ["sliding_attention", "full_attention"]}


def rope(kind: str, **parameters: Any) -> Settings:
    return {"rope_parameters": {"rope_type": kind, "rope_theta": 10000.0, **parameters}}


@dataclass(frozen=True)
class Architecture:
    """`models`: well-known ones of it, for readers who do not know it by transformers' name `model_type`."""

    name: str
    models: str
    model_type: str
    settings: Settings = field(default_factory=dict)
    wrapper: str = ""  # the multimodal config in which it stands as the text model

    def write(self, path: Path, seed: int = 0) -> Path:
        """A random model's folder, without a tokenizer; returns `path`."""
        torch.manual_seed(seed)
        settings = {name: value for name, value in {**SHAPE, **self.settings}.items() if value is not UNKNOWN}
        config = transformers.AutoConfig.for_model(self.model_type, **settings)
        if self.wrapper:
            text = config.to_dict()
            config = transformers.AutoConfig.for_model(self.wrapper, text_config=text, vision_config=PICTURES)
        model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
        model.save_pretrained(path)
        return path


# Phi-3's config takes the first context from beside the rope's parameters.
LONGROPE = {
    **rope("longrope", short_factor=[1.0] * 8, long_factor=[4.0] * 8, factor=4.0),
    "original_max_position_embeddings": 128,
}
LLAMA3 = rope("llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64)
ARCHITECTURES = (
    Architecture("Llama", "SmolLM2, Llama 2, TinyLlama, Yi, DeepSeek-R1-Distill-Llama", "llama"),
    Architecture("Llama 3 positions", "Llama 3.1, 3.2, 3.3", "llama", LLAMA3),
    Architecture("Llama, linear positions", "Vicuna 16k, LongChat", "llama", rope("linear", factor=4.0)),
    Architecture(
        "Llama, yarn positions", "Yarn-Llama", "llama", rope("yarn", factor=4.0, original_max_position_embeddings=64)
    ),
    Architecture("Llama, dynamic positions", "InternLM 2.5 in Llama's format", "llama", rope("dynamic", factor=4.0)),
    Architecture("Qwen2", "Qwen 1.5, 2, 2.5; DeepSeek-R1-Distill-Qwen", "qwen2"),
    Architecture("Qwen2 with a window", "", "qwen2", {**SLIDING, "use_sliding_window": True, "max_window_layers": 1}),
    Architecture("Qwen3", "Qwen3 0.6B to 32B", "qwen3"),
    Architecture("Mistral", "Mistral 7B v0.2 and later, Nemo, Small", "mistral", {"sliding_window": None}),
    Architecture("Mistral with a window", "Mistral 7B v0.1, Zephyr", "mistral", {"sliding_window": WINDOW}),
    Architecture("Ministral", "Ministral 8B", "ministral", SLIDING),
    Architecture("Ministral 3", "Ministral 3B, 8B, 14B", "ministral3"),
    Architecture("Gemma", "Gemma 2B, 7B", "gemma"),
    Architecture(
        "Gemma 2",
        "Gemma 2 2B, 9B, 27B",
        "gemma2",
        {**SLIDING, "query_pre_attn_scalar": 16, "attn_logit_softcapping": 5.0, "final_logit_softcapping": 10.0},
    ),
    Architecture("Gemma 3", "Gemma 3 270M, 1B", "gemma3_text", {**SLIDING, "query_pre_attn_scalar": 16}),
    Architecture(
        "Gemma 3 with pictures",
        "Gemma 3 4B, 12B, 27B",
        "gemma3_text",
        {**SLIDING, "query_pre_attn_scalar": 16},
        wrapper="gemma3",
    ),
    Architecture(
        "Gemma 3n",
        "Gemma 3n E2B, E4B",
        "gemma3n_text",
        {
            **SLIDING,
            "num_hidden_layers": 4,
            "num_kv_shared_layers": 2,
            "hidden_size_per_layer_input": 16,
            "vocab_size_per_layer_input": VOCABULARY,
            "laurel_rank": 8,
            "intermediate_size": 96,
            "layer_types": ["sliding_attention", "full_attention"] * 2,
            "activation_sparsity_pattern": None,
        },
    ),
    Architecture(
        "Gemma 4",
        "Gemma 4 31B",
        "gemma4_text",
        {
            **SLIDING,
            "num_kv_shared_layers": 0,
            "hidden_size_per_layer_input": 0,
            "global_head_dim": 16,
            "vocab_size_per_layer_input": VOCABULARY,
        },
    ),
    Architecture(
        "Gemma 4 with shared keys",
        "Gemma 4 E2B, E4B",
        "gemma4_text",
        {
            **SLIDING,
            "num_hidden_layers": 4,
            "num_kv_shared_layers": 2,
            "hidden_size_per_layer_input": 16,
            "layer_types": ["sliding_attention", "full_attention"] * 2,
            "global_head_dim": 16,
            "vocab_size_per_layer_input": VOCABULARY,
        },
    ),
    Architecture("SmolLM3", "SmolLM3 3B", "smollm3", {"no_rope_layers": [1, 0], "no_rope_layer_interval": 2}),
    Architecture("Seed-OSS", "Seed-OSS 36B", "seed_oss", {"attention_bias": True, "attention_out_bias": False}),
    Architecture(
        "Granite",
        "Granite 3",
        "granite",
        {"embedding_multiplier": 6.0, "residual_multiplier": 0.4, "logits_scaling": 4.0, "attention_multiplier": 0.2},
    ),
    Architecture("Granite MoE", "Granite 3 1B-A400M, 3B-A800M", "granitemoe", EXPERTS),
    Architecture(
        "Granite 4",
        "Granite 4 without Mamba",
        "granitemoehybrid",
        {**EXPERTS, "num_local_experts": 0, "layer_types": ["attention", "attention"], "shared_intermediate_size": 96},
    ),
    Architecture("Phi-2", "Phi-1, 1.5, 2", "phi", {"num_key_value_heads": 4}),
    Architecture("Phi-3", "Phi-3 4k, Phi-4", "phi3", {"sliding_window": None}),
    Architecture("Phi-3 long", "Phi-3.5-mini, Phi-4-mini", "phi3", {"sliding_window": None, **LONGROPE}),
    Architecture("Phi-MoE", "Phi-3.5-MoE", "phimoe", EXPERTS),
    Architecture("OLMo", "OLMo 1B, 7B", "olmo"),
    Architecture("OLMo 2", "OLMo 2 1B to 32B", "olmo2"),
    Architecture("OLMo 3", "OLMo 3", "olmo3", SLIDING),
    Architecture("OLMoE", "OLMoE 1B-7B", "olmoe", EXPERTS),
    Architecture("StarCoder2", "StarCoder2 3B, 7B, 15B", "starcoder2", {"sliding_window": None}),
    Architecture("StableLM", "StableLM 2, Zephyr 3B", "stablelm"),
    Architecture("Cohere", "Command R", "cohere"),
    Architecture("Cohere 2", "Command R7B, Command A", "cohere2", SLIDING),
    Architecture("GLM", "GLM-4 9B", "glm", {"partial_rotary_factor": 0.5}),
    Architecture("GLM-4", "GLM-4-0414", "glm4", {"partial_rotary_factor": 0.5}),
    Architecture("GLM-4 MoE", "GLM-4.5", "glm4_moe", DEEPSEEK | {"head_dim": 16}),
    Architecture("Exaone 4", "Exaone 4 1.2B, 32B", "exaone4", SLIDING),
    Architecture("Ernie 4.5", "Ernie 4.5 0.3B", "ernie4_5"),
    Architecture("Hunyuan", "Hunyuan 0.5B to 7B", "hunyuan_v1_dense"),
    Architecture("Nemotron", "Nemotron-4, Minitron", "nemotron"),
    Architecture("Helium", "Helium 2B", "helium"),
    Architecture("Arcee", "AFM 4.5B", "arcee"),
    Architecture("Apertus", "Apertus 8B", "apertus"),
    Architecture("BitNet", "BitNet b1.58 2B", "bitnet"),
    Architecture("NanoChat", "nanochat", "nanochat"),
    Architecture("DiffLlama", "DiffLlama", "diffllama"),
    Architecture("Qwen2-MoE", "Qwen1.5-MoE", "qwen2_moe", EXPERTS),
    Architecture("Qwen3-MoE", "Qwen3 30B-A3B", "qwen3_moe", EXPERTS),
    Architecture("Mixtral", "Mixtral 8x7B", "mixtral", EXPERTS),
    Architecture("gpt-oss", "gpt-oss 20B, 120B", "gpt_oss", {**EXPERTS, **SLIDING, "intermediate_size": 64}),
    Architecture("DeepSeek V2", "DeepSeek V2 Lite", "deepseek_v2", DEEPSEEK),
    Architecture("DeepSeek V3", "DeepSeek V3, R1", "deepseek_v3", DEEPSEEK),
    Architecture("MiniCPM 3", "MiniCPM3 4B", "minicpm3", DEEPSEEK),
    Architecture("Falcon", "Falcon 7B", "falcon", {"num_kv_heads": 2, "head_dim": UNKNOWN}),
    Architecture("GPT-2", "GPT-2, DialoGPT", "gpt2", GPT),
    Architecture(
        "GPT-Neo",
        "TinyStories, GPT-Neo",
        "gpt_neo",
        {"attention_types": [[["global", "local"], 1]], "num_layers": 2, "num_heads": 4},
    ),
    Architecture("GPT-J", "GPT-J, Pygmalion 6B", "gptj", {**GPT, "rotary_dim": 8}),
    Architecture("GPT-NeoX", "Pythia, Dolly", "gpt_neox"),
    Architecture("OPT", "OPT", "opt", {"ffn_dim": 96, "word_embed_proj_dim": 64}),
    Architecture("Bloom", "Bloom, Bloomz", "bloom", {"n_head": 4, "n_layer": 2}),
    Architecture("MPT", "MPT 7B", "mpt", {"d_model": 64, "n_heads": 4, "n_layers": 2, "max_seq_len": 512}),
    Architecture(
        "LFM2", "LFM2 350M to 2.6B", "lfm2", {"layer_types": ["conv", "full_attention"], "full_attn_idxs": [1]}
    ),
    Architecture("Mamba", "Mamba", "mamba", {"state_size": 8}),
    Architecture("Falcon Mamba", "Falcon Mamba 7B", "falcon_mamba", {"state_size": 8}),
    Architecture(
        "Qwen3-Next",
        "Qwen3-Next 80B-A3B",
        "qwen3_next",
        {**EXPERTS, "layer_types": ["linear_attention", "full_attention"]},
    ),
    Architecture("Qwen3.5", "Qwen3.5", "qwen3_5_text", {"layer_types": ["linear_attention", "full_attention"]}),
)
