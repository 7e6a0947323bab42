"""Owns the measuring of versions: losses on held-out rows, and answers to held-out prompts through the serving engine.

Losses are taken in one loaded model with the versions' adapters in turn; answers come from the engine that serves
members, all versions in one mixed batch, sampled as served but with fixed seeds.
"""

import asyncio
import dataclasses
import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from peft import PeftModel

from bot.engine import Engine, FinishReason, GenerationRequest, SamplingParams
from bot.engine.base_model import BaseModelFiles
from bot.errors import AdapterError, GenerationFailed
from bot.prompt import TrainingExample
from bot.registry import AdapterVersion
from training.prefix_tree import plant, target_losses
from training.quality import Flaw, flaw_of
from training.sft import load_base, quiet_libraries

# Rows per forward pass; without gradients a large tree is cheap.
ROWS_AT_ONCE = 8
SEED = 20_000

OnProgress = Callable[[str, float], None]
Version = AdapterVersion | None  # None: the base model alone


@dataclass(frozen=True)
class Answer:
    """One answer to a held-out prompt, and what is wrong with it."""

    prompt: str
    text: str
    tokens: int
    flaw: Flaw | None


def measure_losses(
    files: BaseModelFiles,
    versions: Sequence[Version],
    sets: Mapping[str, Sequence[TrainingExample]],
    precision: str,
    device: str,
    on_progress: OnProgress,
) -> dict[Version, dict[str, float | None]]:
    """Mean over rows of the mean loss per completion token, for each version and set; None for an empty set."""
    model = load_base(files, precision, device).eval()
    losses: dict[Version, dict[str, float | None]] = {}
    for done, version in enumerate(versions):
        on_progress("Measuring losses", done / len(versions))
        with _adapted(model, version) as adapted:
            losses[version] = {name: _mean_loss(adapted, examples) for name, examples in sets.items()}
    on_progress("Measuring losses", 1.0)
    del model
    gc.collect()  # adapters and their model refer to each other; the engine needs the room
    return losses


@contextmanager
def _adapted(model: Any, version: Version) -> Iterator[Any]:
    """The model with a version's adapter while inside, the plain model again afterwards."""
    if version is None:
        yield model
        return
    with quiet_libraries():
        try:
            adapted = PeftModel.from_pretrained(model, version.path)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise AdapterError(
                f"{version.path} cannot be put on this base model ({error}): train the version again."
            ) from error
    yield adapted.eval()
    adapted.unload()


@torch.inference_mode()
def _mean_loss(model: Any, examples: Sequence[TrainingExample]) -> float | None:
    means: list[float] = []
    device = next(model.parameters()).device
    # Neighbours in length share a tree best, and the order changes no mean.
    ordered = sorted(examples, key=lambda example: len(example.ids))
    for start in range(0, len(ordered), ROWS_AT_ONCE):
        tree = plant(ordered[start : start + ROWS_AT_ONCE])
        inputs = {name: value.to(device) for name, value in tree.inputs.items()}
        losses = target_losses(model, inputs, tree.targets.to(device)).cpu()
        totals = torch.zeros(int(tree.rows.max()) + 1).index_add_(0, tree.rows, losses)
        means += (totals / torch.bincount(tree.rows)).tolist()
    return sum(means) / len(means) if means else None


async def collect_answers(
    engine: Engine,
    prompts: Mapping[str, tuple[int, ...]],
    versions: Sequence[Version],
    sampling: SamplingParams,
    on_progress: OnProgress,
) -> dict[Version, list[Answer]]:
    """Every version's answer to every prompt (text → ids as served), in their order, from one mixed batch.

    The engine must be started and its queue must hold all requests. Raises AdapterError when a version cannot be
    loaded.
    """
    for version in filter(None, versions):
        await engine.load(version)
    done = 0

    async def ask(index: int, prompt: str, version: Version) -> Answer:
        nonlocal done
        seeded = dataclasses.replace(sampling, seed=SEED + index)
        answer = await _answer(engine, GenerationRequest(prompts[prompt], seeded, version), prompt)
        done += 1
        on_progress("Collecting answers", done / (len(prompts) * len(versions)))
        return answer

    jobs = [ask(index, prompt, version) for index, prompt in enumerate(prompts) for version in versions]
    answers = await asyncio.gather(*jobs)
    return {version: answers[place :: len(versions)] for place, version in enumerate(versions)}


async def _answer(engine: Engine, request: GenerationRequest, prompt: str) -> Answer:
    generation = engine.submit(request)
    try:
        async for _ in generation:
            pass
    except GenerationFailed:
        return Answer(prompt, "", 0, Flaw.FAILED)
    completion = generation.completion
    assert completion is not None
    endless = Flaw.ENDLESS if completion.finish_reason is FinishReason.LENGTH else None
    return Answer(prompt, completion.text, len(completion.token_ids), flaw_of(completion.text) or endless)
