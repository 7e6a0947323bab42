"""Owns one persona's way from votes to a speaking version: the command line's steps, with the configuration applied.

The steps are dataset → train → evaluate → promote; each reads what the one before left on disk, so that they can run
in one process or in four.
"""

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from rich.console import Console

from bot.config import Config
from bot.engine.base_model import BaseModelFiles, load_tokenizer, prepare_base_model
from bot.errors import AdapterError, ConfigError, DatasetError
from bot.personas import Persona, PersonaCatalog
from bot.progress import progress_bar
from bot.prompt import PromptRenderer
from bot.registry import AdapterRegistry, AdapterVersion
from bot.store import open_snapshot
from training import publish, sft
from training.appraisal import Appraiser, Measurement, Unseen, unseen
from training.dataset import Dataset
from training.gate import Lesson, Thresholds, Verdict, judge
from training.measures import median_words
from training.probes import probe_prompts
from training.progress import training_bar
from training.report import describe
from training.selection import Examples, Rules, build_dataset
from training.sources import Feedback, preservation_heldout, preservation_pairs, read_feedback


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
        """From the store's votes, the seed pairs and the preservation set. Raises StoreError."""
        with open_snapshot(self._config.store_path) as snapshot:
            feedback = read_feedback(snapshot, self.persona.name)
        return self._build(feedback)

    def seed_dataset(self) -> Dataset:
        """From the seed pairs and the preservation set alone: the same wherever it is built."""
        return self._build(Feedback())

    def train(self, dataset: Dataset, number: int | None = None) -> AdapterVersion:
        """Train on the dataset and publish the result as a new version, or as version `number` in place of the old.

        Raises DatasetError when the dataset cannot be trained on.
        """
        if dataset.refusal is not None:
            raise DatasetError(dataset.refusal)
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
        thresholds = Thresholds(**self._config.gate.model_dump(exclude={"probes"}))
        verdict = judge(
            measured.figures[candidate],
            measured.figures[active] if active else None,
            measured.figures[None],
            thresholds,
            self._lesson(candidate),
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
        limits = {field.name: getattr(training, field.name) for field in dataclasses.fields(Rules)}
        return build_dataset(
            self.persona,
            feedback,
            Examples(
                self._catalog.examples(self.persona.name),
                self._catalog.texts(self.persona.name),
                preservation_pairs(),
            ),
            [*self._heldout_prompts, *probe_prompts(), *(pair.prompt for pair in preservation_heldout())],
            Rules(**limits),
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
            "preferences": len(dataset.preferences),
            "votes": len(dataset.votes),
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
        appraiser = Appraiser(
            self._config,
            self.persona,
            self._files,
            self._renderer,
            precision=self._precision,
            device=self._device,
        )
        feedback = self._unseen([candidate, *([active] if active else [])])
        heldout = self._catalog.heldout(self.persona.name)
        with progress_bar(self._console) as progress:
            return appraiser.measure(candidate, active, heldout, preservation_heldout(), feedback, progress)

    def _unseen(self, versions: Sequence[AdapterVersion]) -> Unseen:
        """Held-out feedback that none of the versions was trained on; none without a database."""
        if not self._config.store_path.exists():
            return Unseen()
        seen = frozenset[int]().union(*map(publish.trained_on, versions))
        return unseen(self.dataset(), seen, self._renderer)

    def _lesson(self, candidate: AdapterVersion) -> Lesson:
        """The length of its seed pairs, and whether feedback taught it more than they did."""
        words = median_words(pair.completion for pair in self._catalog.examples(self.persona.name))
        return Lesson(bool(publish.trained_on(candidate)), (words,) if words else ())
