"""Converts a GGUF file into a transformers folder with bf16 safetensors. usage: python -m bot.engine.convert GGUF OUT

Prints the fraction done, one number a line. Run as a child process by base_model.
"""

import os
import sys
from pathlib import Path

import torch
import transformers


def convert(source: Path, target: Path) -> None:
    print(0.02, flush=True)  # noqa: T201
    tokenizer = transformers.AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name, local_files_only=True)
    print(0.25, flush=True)  # noqa: T201
    model = transformers.AutoModelForCausalLM.from_pretrained(
        source.parent, gguf_file=source.name, dtype=torch.float32, local_files_only=True
    )
    print(0.9, flush=True)  # noqa: T201
    # A model loaded from GGUF refuses save_pretrained, so its weights move into a plain one of the same shape.
    config = model.config
    del config.quantization_config
    plain = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    plain.load_state_dict(model.state_dict())
    plain.to(torch.bfloat16).save_pretrained(target)
    tokenizer.save_pretrained(target)
    _flush_to_disk(target)
    print(1.0, flush=True)  # noqa: T201


def _flush_to_disk(folder: Path) -> None:
    """So that a power cut after the rename cannot leave a folder with empty files."""
    for file in folder.iterdir():
        with file.open("rb") as opened:
            os.fsync(opened.fileno())


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
