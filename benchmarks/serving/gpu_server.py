"""The work on a GPU, a part per process: our engine, PEFT, and what the device's memory can do."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import nn

from benchmarks.serving.peft_server import MIXED, ONE_AFTER_ANOTHER, PeftServer
from benchmarks.serving.troupe_server import plan
from benchmarks.serving.work import BASE_1, BASE_8, DISTINCT_8, Case, Figure, Measured, Plan, Setting, prompts

BASE_32 = Case("base x32", (None,) * 32)
DISTINCT_32 = Case("distinct x32", tuple(range(32)))
OURS = Plan((BASE_1, BASE_8, DISTINCT_8, BASE_32, DISTINCT_32), rows=32, registered=32, slots=32, tries=2)
PEFT = Plan((DISTINCT_8,), rows=8, registered=8, slots=8)
PARTS = ("ours", "peft", "device")

WEIGHT_BYTES, COPY_RATE = "bytes of weights per token", "bytes/s of a device copy"
COPIED, COPIES = 1 << 30, 20


def run(setting: Setting, part: str) -> Iterator[Measured]:
    if part == "ours":
        with asyncio.Runner() as runner:
            yield from runner.run(_all(plan(setting, OURS)))
    elif part == "peft":
        yield from _peft(setting)
    else:
        yield Figure(COPY_RATE, copy_rate(_device()))


async def _all(measuring: AsyncIterator[Measured]) -> list[Measured]:
    return [measured async for measured in measuring]


@torch.inference_mode()
def _peft(setting: Setting) -> Iterator[Measured]:
    device = _device()
    base = load(setting.model, setting.precision, device)
    yield Figure(WEIGHT_BYTES, weight_bytes(base))
    tokenizer = transformers.AutoTokenizer.from_pretrained(setting.model, padding_side="left")
    texts = prompts(tokenizer)

    def batch(asked: Sequence[int]) -> Any:
        found = tokenizer([texts[i % len(texts)] for i in asked], return_tensors="pt", padding=True)
        return {key: found[key].to(device) for key in ("input_ids", "attention_mask")}

    server = PeftServer(base, setting.adapter, PEFT.registered, batch)
    for case in PEFT.order():
        for name, serve in ((MIXED, server.mixed), (ONE_AFTER_ANOTHER, server.one_after_another)):
            timing = server.timed(name, case, serve)
            if case.counts:
                yield timing


def load(model: Path, precision: str, device: str) -> Any:
    """The model as PEFT's users load it: in bf16, or in nf4 through bitsandbytes (fp32 for a look on a CPU)."""
    options: dict[str, Any] = {"dtype": torch.float32 if precision == "fp32" else torch.bfloat16, "device_map": device}
    if precision == "nf4":
        options["quantization_config"] = transformers.BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16
        )
    return transformers.AutoModelForCausalLM.from_pretrained(model, **options)


def weight_bytes(model: Any) -> int:
    """What every new token has to read: all weights, but of an embedding that is no output head only one row."""
    read = {id(p): p.nbytes for p in model.parameters()}
    embedding: nn.Parameter = model.get_input_embeddings().weight
    if embedding is not model.get_output_embeddings().weight:
        del read[id(embedding)]
    return sum(read.values())


def copy_rate(device: str, size: int = COPIED, copies: int = COPIES) -> float:
    """Bytes read and written per second by a copy within the device's memory, the best of several."""
    source = torch.ones(size, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    best = float("inf")
    for _ in range(copies):
        _settle(device)
        started = time.perf_counter()
        target.copy_(source)
        _settle(device)
        best = min(best, time.perf_counter() - started)
    return 2 * size / best


def _settle(device: str) -> None:
    if device != "cpu":
        torch.cuda.synchronize()


def _device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"
