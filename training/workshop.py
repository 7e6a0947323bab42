"""Owns one persona's way from votes to a speaking version: the command line's steps, with the configuration applied.

The steps are dataset → train → evaluate → promote; each reads what the one before left on disk, so that they can run
in one process or in four.
"""

import asyncio
import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from rich.console import Console

from bot.config import Config
from bot.engine import EngineOptions, SamplingParams, TorchEngine
from bot.engine.base_model import BaseModelFiles, load_tokenizer, prepare_base_model
from bot.errors import AdapterError, ConfigError
from bot.personas import Persona, PersonaCatalog
from bot.progress import progress_bar
from bot.prompt import Message, PromptRenderer
from bot.registry import AdapterRegistry, AdapterVersion
from bot.store import open_snapshot
from training import publish, sft
from training.dataset import Dataset, Row, Rules, build_dataset, render
from training.evaluate import Answer, Version, collect_answers, measure_losses
from training.gate import Thresholds, Verdict, judge
from training.progress import training_bar
from training.report import Measurement, describe
from training.sources import Feedback, Source, preservation_heldout, preservation_pairs, read_feedback


@dataclass(frozen=True)
class Evaluation:
    """A judged candidate. `report` is what was written to reports/<n>.json."""

    version: AdapterVersion
    verdict: Verdict
    report: dict[str, Any]


class Workshop:
    """The steps for one persona. Progress is drawn on `console`."""

    def __init__(self, config: Config, persona: str, console: Console) -> None:
        catalog = PersonaCatalog(config.adapters_dir)
        self.persona: Persona = catalog.get(persona)
        self.registry = AdapterRegistry(config.adapters_dir)
        self._catalog = catalog
        self._config = config
        self._console = console
        # What cannot work is refused before any slow work.
        self._device = sft.resolve_device(config.model.device)
        self._precision = sft.resolve_precision(config.training.precision, self._device)
        if config.training.rank > config.engine.max_rank:
            raise ConfigError(
                f"training.rank = {config.training.rank}: the engine serves ranks up to engine.max_rank = "
                f"{config.engine.max_rank}; lower the one or raise the other."
            )

    def dataset(self) -> Dataset:
        """From the store's votes, the seed pairs and the preservation set. Raises DatasetError or StoreError."""
        with open_snapshot(self._config.store_path) as snapshot:
            feedback = read_feedback(snapshot, self.persona.name)
        return self._build(feedback)

    def seed_dataset(self) -> Dataset:
        """From the seed pairs and the preservation set alone: the same wherever it is built."""
        return self._build(Feedback())

    def train(self, dataset: Dataset, number: int | None = None) -> AdapterVersion:
        """Train on the dataset and publish the result as a new version, or as version `number` in place of the old."""
        with publish.training_lock(self.registry, self.persona.name):
            parameters = self._hyperparameters()
            examples = dataset.examples(self._renderer)
            with training_bar(self._console, f"Training {self.persona.name}") as on_step:
                trained = sft.train(self._files, self._tokenizer, examples, parameters, on_step)
            lineage = self._lineage(dataset, parameters, trained)
            return publish.publish(self.registry, self.persona.name, trained, lineage, number)

    def evaluate(self, number: int | None = None) -> Evaluation:
        """Measure a version (the newest by default) against the one that speaks, judge it and write the report."""
        started = time.monotonic()
        candidate = publish.require_version(self.registry, self.persona.name, number)
        publish.verify(candidate, self._files.fingerprint)
        active = self._rival(candidate)
        measured = self._measure(candidate, active)
        thresholds = Thresholds(**self._config.gate.model_dump())
        verdict = judge(
            measured.figures(candidate),
            measured.figures(active) if active else None,
            measured.figures(None),
            thresholds,
        )
        report = describe(candidate, active, self._files, measured, verdict, thresholds)
        report["seconds"] = round(time.monotonic() - started, 1)
        publish.write_report(self.registry, candidate, report)
        return Evaluation(candidate, verdict, report)

    @cached_property
    def _files(self) -> BaseModelFiles:
        with progress_bar(self._console) as progress:
            return prepare_base_model(self._config.model.base, self._config.cache_dir, progress)

    @cached_property
    def _tokenizer(self) -> Any:
        return load_tokenizer(self._files)

    @cached_property
    def _renderer(self) -> PromptRenderer:
        return PromptRenderer(self._tokenizer)

    @property
    def _heldout_prompts(self) -> list[str]:
        return self._catalog.heldout_prompts(self.persona.name)

    def _build(self, feedback: Feedback) -> Dataset:
        training = self._config.training
        rules = Rules(
            min_likes=training.min_likes,
            seed_pairs=training.seed_pairs,
            preservation_pairs=training.preservation_pairs,
            correction_weight=training.correction_weight,
            heldout_share=training.heldout_share,
            max_tokens=training.max_tokens,
        )
        return build_dataset(
            self.persona,
            feedback,
            self._catalog.examples(self.persona.name),
            preservation_pairs(),
            [*self._heldout_prompts, *(pair.prompt for pair in preservation_heldout())],
            rules,
            self._renderer,
        )

    def _hyperparameters(self) -> sft.Hyperparameters:
        training = self._config.training
        if self._config.engine.threads:
            torch.set_num_threads(self._config.engine.threads)
        return sft.Hyperparameters(
            rank=training.rank,
            alpha=training.alpha,
            epochs=training.epochs,
            batch_size=training.batch_size,
            learning_rate=training.learning_rate,
            seed=training.seed,
            precision=self._precision,
            device=self._device,
        )

    def _lineage(
        self, dataset: Dataset, parameters: sft.Hyperparameters, trained: sft.TrainedAdapter
    ) -> dict[str, Any]:
        return {
            "base_model": self._files.name,
            "base_fingerprint": self._files.fingerprint,
            "dataset_sha256": dataset.sha256,
            "rows": {source.value: count for source, count in dataset.kept.items()},
            "reply_ids": dataset.reply_ids,
            "seed": parameters.seed,
            "hyperparameters": dataclasses.asdict(parameters),
            "loss_curve": [dataclasses.asdict(point) for point in trained.loss_curve],
            "seconds": trained.seconds,
            "libraries": sft.library_versions(),
        }

    def _rival(self, candidate: AdapterVersion) -> AdapterVersion | None:
        """The version that speaks; None where that is nobody, the candidate itself, or one that cannot be loaded."""
        try:
            active = self.registry.active(self.persona.name)
            if active is None or active == candidate:
                return None
            publish.verify(active, self._files.fingerprint)
        except AdapterError as error:
            self._console.print(f"The active version cannot be compared with: {error}", markup=False, soft_wrap=True)
            return None
        return active

    def _measure(self, candidate: AdapterVersion, active: AdapterVersion | None) -> Measurement:
        rivals: list[Version] = [None] if active is None else [active, None]
        liked = self._unseen_liked([candidate, *([active] if active else [])])
        plain = [Row(Source.PRESERVATION, (Message("user", p.prompt),), p.completion) for p in preservation_heldout()]
        sets = {
            "liked": [render(self._renderer, row) for row in liked],
            "preservation": [render(self._renderer, row) for row in plain],
        }
        with progress_bar(self._console) as progress:
            losses = measure_losses(self._files, [candidate, *rivals], sets, self._precision, self._device, progress)
            answers = asyncio.run(self._answers([candidate, active], progress))
        return Measurement(losses, answers, {name: len(examples) for name, examples in sets.items()})

    def _unseen_liked(self, versions: Sequence[AdapterVersion]) -> list[Row]:
        """Held-out liked replies that none of the versions was trained on; none without a database."""
        if not self._config.store_path.exists():
            return []
        with open_snapshot(self._config.store_path) as snapshot:
            feedback = read_feedback(snapshot, self.persona.name)
        seen = frozenset[int]().union(*map(publish.trained_on, versions))
        return [row for row in self._build(feedback).heldout if row.reply_id not in seen]

    async def _answers(
        self, versions: Sequence[Version], progress: Callable[[str, float], None]
    ) -> dict[Version, list[Answer]]:
        persona, sampling = self.persona, self._sampling()
        head = [Message("system", persona.system_prompt)] if persona.system_prompt.strip() else []
        prompts = {
            prompt: self._renderer.prompt_ids([*head, Message("user", prompt)]) for prompt in self._heldout_prompts
        }
        if not prompts:
            return {version: [] for version in versions}
        options = {
            **self._config.engine.model_dump(),
            # All requests wait at once; rows no longer than needed keep the engine's memory small.
            "queue_size": len(prompts) * len(versions),
            "deadline_seconds": 0,
            "context_tokens": max(map(len, prompts.values())) + sampling.max_tokens + 1,
        }
        model = self._config.model
        engine = await asyncio.to_thread(
            TorchEngine, self._files, EngineOptions(device=model.device, precision=model.precision, **options)
        )
        await engine.start()
        try:
            return await collect_answers(engine, prompts, versions, sampling, progress)
        finally:
            await engine.stop()

    def _sampling(self) -> SamplingParams:
        """As members are served: the defaults with the card's overrides, at most half of the context."""
        values = {**self._config.sampling.model_dump(), **self.persona.sampling.model_dump(exclude_none=True)}
        limit = self._config.engine.context_tokens // 2
        return SamplingParams(**{**values, "max_tokens": min(values["max_tokens"], limit)})
