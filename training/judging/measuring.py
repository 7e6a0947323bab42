"""Measures versions: losses on held-out rows, and answers to questions through the serving engine.

Losses are taken in one loaded model with the versions' adapters in turn; answers come from the engine that serves
members, all versions in one mixed batch: held-out prompts sampled as served but with fixed seeds, probes greedily.
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
from bot.prompt import TrainingExample, without_thoughts
from bot.versions.registry import AdapterVersion
from training.dataset.answer_quality import Flaw, flaw_of
from training.judging.answer_cache import FAILED, AnswerMemory, Said
from training.judging.probes import LONGEST_ANSWER, Probe
from training.recipes.base import load_base, quiet_libraries
from training.recipes.prefix_tree import plant, row_sums, target_losses

# Rows per forward pass; without gradients a large tree is cheap.
ROWS_AT_ONCE = 8

OnProgress = Callable[[str, float], None]
Version = AdapterVersion | None  # None: the base model alone


@dataclass(frozen=True)
class EvalQuestion:
    """What is asked of a version: `ids` as served. `probe` is None for a held-out prompt, which has no right answer."""

    prompt: str
    ids: tuple[int, ...]
    sampling: SamplingParams
    probe: Probe | None = None
    cut_short: bool = False  # `sampling` allows less than members get: an answer that does not end has no flaw then

    @classmethod
    def of_probe(cls, probe: Probe, ids: tuple[int, ...], sampling: SamplingParams) -> "EvalQuestion":
        """Asked for the likeliest answer, and not for all of it."""
        greedy = dataclasses.replace(sampling, temperature=0.0, max_tokens=LONGEST_ANSWER[probe.topic])
        return cls(probe.prompt, ids, greedy, probe, cut_short=True)


@dataclass(frozen=True)
class Answer:
    """One answer, and what is wrong with its form."""

    prompt: str
    text: str
    tokens: int
    flaw: Flaw | None
    probe: Probe | None = None


def measure_losses(
    files: BaseModelFiles,
    versions: Sequence[Version],
    sets: Mapping[str, Sequence[TrainingExample]],
    precision: str,
    device: str,
    on_progress: OnProgress,
) -> dict[Version, dict[str, list[float]]]:
    """The mean loss per completion token of every row, for each version and set."""
    model = load_base(files, precision, device).eval()
    losses: dict[Version, dict[str, list[float]]] = {}
    for done, version in enumerate(versions):
        on_progress("Measuring losses", done / len(versions))
        with _adapted(model, version) as adapted:
            losses[version] = {name: _row_losses(adapted, examples) for name, examples in sets.items()}
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
            adapted = PeftModel.from_pretrained(model, version.path, autocast_adapter_dtype=False)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise AdapterError(
                f"{version.path} does not fit this base model ({error}): train the version again."
            ) from error
    yield adapted.eval()
    adapted.unload()


@torch.inference_mode()
def _row_losses(model: Any, examples: Sequence[TrainingExample]) -> list[float]:
    means: dict[int, float] = {}
    device = next(model.parameters()).device
    # Neighbours in length share a tree best.
    ordered = sorted(range(len(examples)), key=lambda index: len(examples[index].ids))
    for start in range(0, len(ordered), ROWS_AT_ONCE):
        part = ordered[start : start + ROWS_AT_ONCE]
        tree = plant([examples[index] for index in part])
        inputs = {name: value.to(device) for name, value in tree.inputs.items()}
        losses = target_losses(model, inputs, tree.targets.to(device)).cpu()
        totals = row_sums(losses, tree.rows, len(part))
        means |= zip(part, (totals / torch.bincount(tree.rows, minlength=len(part))).tolist(), strict=True)
    return [means[index] for index in range(len(examples))]


async def collect_answers(
    engine: Engine,
    asked: Mapping[Version, Sequence[EvalQuestion]],
    memory: AnswerMemory,
    on_progress: OnProgress,
) -> dict[Version, list[Answer]]:
    """Every version's answers to its questions, in their order, from one mixed batch; what is remembered is not asked.

    The engine must be started and its queue must hold all requests. Raises AdapterError when a version cannot be
    loaded.
    """
    for version in filter(None, asked):
        await engine.load(version)
    total, done = sum(map(len, asked.values())), 0

    async def ask(question: EvalQuestion, version: Version) -> Answer:
        nonlocal done
        said = memory.recall(version, question.ids, question.sampling)
        if said is None:
            said = await _said(engine, GenerationRequest(question.ids, question.sampling, version))
        memory.keep(version, question.ids, question.sampling, said)
        done += 1
        on_progress("Collecting answers", done / total)
        return _answer(question, said)

    # One question after the other, so that versions mix in the batch as personas do.
    jobs = {
        (version, place): ask(question, version)
        for place in range(max(map(len, asked.values())))
        for version, questions in asked.items()
        for question in questions[place : place + 1]
    }
    answers = dict(zip(jobs, await asyncio.gather(*jobs.values()), strict=True))
    return {version: [answers[version, place] for place in range(len(qs))] for version, qs in asked.items()}


def _answer(question: EvalQuestion, said: Said) -> Answer:
    if said.finish_reason == FAILED:
        return Answer(question.prompt, "", 0, Flaw.FAILED, question.probe)
    cut_off = said.finish_reason == FinishReason.LENGTH and not question.cut_short
    flaw = flaw_of(said.text) or (Flaw.ENDLESS if cut_off else None)
    return Answer(question.prompt, said.text, said.tokens, flaw, question.probe)


async def _said(engine: Engine, request: GenerationRequest) -> Said:
    generation = engine.submit(request)
    try:
        async for _ in generation:
            pass
    except GenerationFailed:
        return Said("", 0, FAILED)
    completion = generation.completion
    assert completion is not None
    return Said(without_thoughts(completion.text), len(completion.token_ids), completion.finish_reason.value)
