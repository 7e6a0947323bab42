"""Running engines and their oracle: transformers and PEFT, one request at a time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
import transformers
from peft import PeftModel
from torch import Tensor

from bot.engine import Completion, EngineOptions, Generation, GenerationRequest, SamplingParams
from bot.engine.adapter_checks import AdapterTarget
from bot.engine.adapter_files import read_adapter
from bot.engine.base_model import BaseModelFiles, fingerprint, load_tokenizer
from bot.engine.model import ServedModel
from bot.engine.placement import place
from bot.engine.step import Segment, Step
from bot.engine.torch_engine import TorchEngine
from bot.versions.registry import AdapterVersion

MOST_RANK = 16
GREEDY = SamplingParams(temperature=0.0, max_tokens=24, ignore_eos=True)
PROMPTS = ("Ahoy", "Is Paris in France?", "What is a car? Explain gravity.", "The cat sat", "Naïve café 🙂", "mateys!")


def files_of(model_dir: Path) -> BaseModelFiles:
    return BaseModelFiles(str(model_dir), model_dir, fingerprint(model_dir))


@cache
def tokenizer_of(model_dir: Path) -> Any:
    return load_tokenizer(files_of(model_dir))


def prompt_ids(model_dir: Path, text: str) -> tuple[int, ...]:
    return tuple(tokenizer_of(model_dir)(text, add_special_tokens=False)["input_ids"])


@asynccontextmanager
async def running_engine(model_dir: Path, **options: Any) -> AsyncIterator[TorchEngine]:
    settings = {"precision": "fp32", "max_rows": 8, "context_tokens": 256, "adapter_slots": 8, **options}
    engine = TorchEngine(files_of(model_dir), EngineOptions(**settings))
    await engine.start()
    try:
        yield engine
    finally:
        await engine.stop()


@dataclass(frozen=True)
class Ask:
    prompt: str
    adapter: AdapterVersion | None = None
    sampling: SamplingParams = GREEDY


def submit(engine: TorchEngine, model_dir: Path, ask: Ask, channel: str = "") -> Generation:
    return engine.submit(GenerationRequest(prompt_ids(model_dir, ask.prompt), ask.sampling, ask.adapter, channel))


async def finished(generation: Generation) -> Completion:
    async for _ in generation:
        pass
    assert generation.completion is not None
    return generation.completion


async def answer(engine: TorchEngine, model_dir: Path, ask: Ask) -> Completion:
    return await finished(submit(engine, model_dir, ask))


async def answers(engine: TorchEngine, model_dir: Path, asks: Sequence[Ask]) -> list[Completion]:
    return list(await asyncio.gather(*(answer(engine, model_dir, ask) for ask in asks)))


async def answers_of_joining(engine: TorchEngine, model_dir: Path, asks: Sequence[Ask]) -> list[Completion]:
    """Each request joins when the one before it has begun to speak: earlier ones run on or have left by then."""
    following = []
    for ask in asks:
        generation, spoke = submit(engine, model_dir, ask), asyncio.Event()
        following.append(asyncio.create_task(_followed(generation, spoke)))
        await spoke.wait()
    return list(await asyncio.gather(*following))


async def _followed(generation: Generation, spoke: asyncio.Event) -> Completion:
    try:
        async for _ in generation:
            spoke.set()
    finally:
        spoke.set()
    assert generation.completion is not None
    return generation.completion


@cache
def oracle_model(model_dir: Path, adapter: AdapterVersion | None) -> Any:
    model = transformers.AutoModelForCausalLM.from_pretrained(model_dir, dtype=torch.float32).eval()
    return model if adapter is None else PeftModel.from_pretrained(model, adapter.path).eval()


def oracle_tokens(model_dir: Path, ask: Ask) -> tuple[int, ...]:
    """Greedy tokens of transformers' own generate with PEFT's own LoRA layers, the request alone."""
    ids = torch.tensor([prompt_ids(model_dir, ask.prompt)])
    with torch.inference_mode():
        out = oracle_model(model_dir, ask.adapter).generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=ask.sampling.max_tokens,
            do_sample=False,
            eos_token_id=None,
            pad_token_id=0,
            repetition_penalty=ask.sampling.repetition_penalty,
        )
    return tuple(out[0, ids.shape[1] :].tolist())


def served_model(
    model_dir: Path, adapters: Sequence[AdapterVersion], precision: str, device: str = "cuda", context: int = 128
) -> ServedModel:
    """With `adapters` in slots 1, 2, …"""
    files = files_of(model_dir)
    model = ServedModel(files, place(EngineOptions(device=device, precision=precision)), rows=8, context=context)
    model.make_slots(len(adapters), rank=MOST_RANK)
    target = AdapterTarget(files.fingerprint, model.adaptable_layers(), max_rank=MOST_RANK)
    for slot, version in enumerate(adapters, start=1):
        model.write_slot(slot, read_adapter(version, target))
    return model


def read_and_decode(model: ServedModel, prompts: list[tuple[int, int, tuple[int, ...]]]) -> Tensor:
    """The prompts (row, slot, ids) in one step, their last token in a second one; that one's logits, in their order."""
    placement = model.placement
    with torch.inference_mode():
        model.run(Step.of([Segment(r, s, 0, ids[:-1]) for r, s, ids in prompts], placement.device, placement.dtype))
        last = [Segment(r, s, len(ids) - 1, ids[-1:]) for r, s, ids in prompts]
        return model.run(Step.of(last, placement.device, placement.dtype)).cpu()


def mixed_against_alone(model: ServedModel, ids: tuple[int, ...], speakers: int) -> Tensor:
    """How alike the next token's logits are, by cosine, [speakers, speakers]: in one batch of all, and each alone.

    Speaker 0 is the base model, speaker n the adapter in slot n; all read the same prompt.
    """
    prompts = [(slot, slot, ids) for slot in range(speakers)]
    mixed = read_and_decode(model, prompts)
    alone = torch.cat([read_and_decode(model, [prompt]) for prompt in prompts])
    mixed, alone = (logits - logits.mean(-1, keepdim=True) for logits in (mixed, alone))
    return torch.nn.functional.cosine_similarity(mixed[:, None], alone[None], dim=-1)
