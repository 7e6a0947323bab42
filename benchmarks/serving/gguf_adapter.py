"""A PEFT LoRA adapter as the GGUF file that llama.cpp reads, for Llama-shaped models.

Layout: llama.cpp's convert_lora_to_gguf.py. Its rotary embedding pairs neighbours where transformers' pairs halves,
so the rows of the query and key projections are in another order.
"""

import json
import re
from pathlib import Path

import gguf
import numpy
from safetensors.numpy import load_file

from bot.versions.registry import PEFT_CONFIG, WEIGHTS

NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
TENSOR = re.compile(r"layers\.(\d+)\.(\w+\.\w+)\.lora_([AB])\.weight$")


def write_gguf_adapter(adapter: Path, model: Path, target: Path) -> None:
    """Raises ValueError for tensors that llama.cpp has no name for."""
    shape = json.loads((model / "config.json").read_text())
    heads = {"attn_q": shape["num_attention_heads"], "attn_k": shape["num_key_value_heads"]}
    writer = gguf.GGUFWriter(target, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(json.loads((adapter / PEFT_CONFIG).read_text())["lora_alpha"]))
    for name, tensor in load_file(adapter / WEIGHTS).items():
        layer, projection, share = _parts(name)
        values = tensor.astype(numpy.float32)
        if share == "b" and projection in heads:
            values = neighbours_from_halves(values, heads[projection])
        writer.add_tensor(f"blk.{layer}.{projection}.weight.lora_{share}", values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def neighbours_from_halves(rows: numpy.ndarray, heads: int) -> numpy.ndarray:
    """[heads × size, …]: within each head, row i of the first half and row i of the second become neighbours."""
    halves = rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:])
    return numpy.ascontiguousarray(halves.swapaxes(1, 2).reshape(rows.shape))


def _parts(name: str) -> tuple[int, str, str]:
    found = TENSOR.search(name)
    if found is None or found[2] not in NAMES:
        raise ValueError(f"{name}: llama.cpp has no name for this tensor")
    return int(found[1]), NAMES[found[2]], found[3].lower()
