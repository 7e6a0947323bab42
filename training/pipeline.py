"""One persona's way from votes to a speaking version: the command line's steps, with the configuration applied.

The steps are dataset → train → evaluate → promote; each reads what the one before left on disk, so that they can run
in one process or in four.
"""

import dataclasses
import json
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
from bot.personas.catalog import Persona, PersonaCatalog
from bot.progress import progress_bar
from bot.prompt import PromptRenderer
from bot.store import open_snapshot
from bot.versions.canary import Canary
from bot.versions.rebuild_marks import marked
from bot.versions.registry import AdapterRegistry, AdapterVersion, read_manifest
from training.averaging import SHARE_OF_UNPROVEN, SHARES, Averaging, Kept, comparable
from training.dataset.near_duplicates import normal
from training.dataset.rows import Dataset
from training.dataset.selection import Examples, SelectionRules, build_dataset
from training.dataset.sources import CollectedFeedback, Source, preservation_heldout, preservation_pairs, read_feedback
from training.judging.evaluation import Evaluator, Measurement, Unseen, unseen
from training.judging.gate import LearnedFrom, Thresholds, Verdict, judge
from training.judging.metrics import median_words
from training.judging.persona_setup import PersonaSetup
from training.judging.probes import facts, probe_prompts
from training.progress import training_bar
from training.publishing import canary_lifecycle, checkpoints, publish
from training.publishing.adoption import ForeignAdapter, read_foreign
from training.recipes.base import library_versions, resolve_device, resolve_precision
from training.recipes.loop import Hyperparameters
from training.recipes.plan import choose, named
from training.recipes.recipe import Enough, Recipe, Supply, TrainingInput
from training.recipes.rejection import REJECTION
from training.recipes.rewards import Aim
from training.recipes.train import train
from training.reporting.evaluation_report import describe
from training.taste.sampling import Sampling


@dataclass(frozen=True)
class Evaluation:
    """A judged candidate. `report` is what was written to reports/<n>.json."""

    version: AdapterVersion
    verdict: Verdict
    report: dict[str, Any]


@dataclass(frozen=True)
class PipelineResult:
    """`withdrawn`: the versions deleted because they held words that are deleted, now that another one speaks."""

    evaluation: Evaluation
    promotion: publish.Promotion | None
    withdrawn: tuple[int, ...]
    canary: Canary | None = None


class Pipeline:
    """The steps for one persona. Progress is drawn on `console`."""

    def __init__(self, config: Config, persona: str, console: Console) -> None:
        self.catalog = PersonaCatalog(config.adapters_dir)
        self.persona: Persona = self.catalog.get(persona)
        self._config = config
        self._console = console
        # What cannot work is refused before any slow work.
        named(config.training.method)
        self._device = resolve_device(config.model.device)
        self._precision = resolve_precision(config.training.precision, self._device)
        if config.training.rank > config.engine.max_rank:
            raise ConfigError(
                f"training.rank = {config.training.rank}: the engine serves ranks up to engine.max_rank = "
                f"{config.engine.max_rank}; lower the first or raise the second."
            )

    def dataset(self) -> Dataset:
        """From the store's votes, the seed pairs and the preservation set. Raises StoreError."""
        with open_snapshot(self._config.store_path) as snapshot:
            feedback = read_feedback(snapshot, self.persona.name)
        return self._build(feedback)

    def seed_dataset(self) -> Dataset:
        """From the seed pairs and the preservation set alone: the same wherever it is built."""
        return self._build(CollectedFeedback())

    def require_readable_store(self) -> None:
        """Raises StoreError for a database whose votes could not judge what is trained; none is none to read."""
        if self._config.store_path.exists():
            open_snapshot(self._config.store_path).close()

    @cached_property
    def registry(self) -> AdapterRegistry:
        return AdapterRegistry(self._config.adapters_dir, self._files.fingerprint)

    def train(self, dataset: Dataset, *, reuse: bool = False) -> AdapterVersion:
        """Train on the dataset and publish the result as a new version; with `reuse`, one of the same weights serves.

        Raises DatasetError when the dataset cannot be trained on.
        """
        if dataset.refusal is not None:
            raise DatasetError(dataset.refusal)
        recipes, parameters = self._recipes(dataset), self._hyperparameters()
        with publish.training_lock(self.registry, self.persona.name) as versions:
            speaker = self._rival(None) if dataset.reply_ids else None
            if REJECTION in recipes:
                dataset = self._with_samples(dataset, speaker)
                recipes = self._recipes(dataset)  # they may make it enough for others
            kept = self._kept(speaker, dataset, recipes, parameters)
            if kept:
                dataset = _with_origin(dataset, kept.version)
            lineage = self._lineage(dataset, recipes, parameters, kept)
            folder = checkpoints.run_folder(versions, lineage)
            with training_bar(self._console, f"Training {self.persona.name}") as on_step:
                trained = train(
                    self._files,
                    self._tokenizer,
                    self._training_input(dataset, recipes, kept),
                    recipes,
                    parameters,
                    folder,
                    on_step,
                )
            if kept:
                with progress_bar(self._console) as progress:
                    trained, told = Averaging(self.setup).average(trained, kept, folder, progress)
                lineage["averaged_with"] |= told
            version = publish.publish(self.registry, self.persona.name, trained, lineage, reuse=reuse)
            checkpoints.discard(folder)
            return version

    def trained(self, dataset: Dataset) -> AdapterVersion:
        """A version trained on the dataset: one on disk that came from the same input, else a new one."""
        lineage = json.loads(json.dumps(self._lineage(dataset, self._recipes(dataset), self._hyperparameters())))
        for version in reversed(self.registry.versions(self.persona.name)):
            if lineage.items() <= read_manifest(version.path).items():
                publish.verify(version, self._files.fingerprint)
                return version
        return self.train(dataset)

    def adopt(self, origin: str) -> tuple[AdapterVersion, ForeignAdapter]:
        """Make an adapter from elsewhere, a PEFT folder or a hub name, the next version. Raises AdapterError."""
        foreign = read_foreign(origin, self._files, self._config.engine.max_rank)
        lineage = {
            "base_model": self._files.name,
            "base_fingerprint": self._files.fingerprint,
            "adopted_from": {"origin": origin, "base_model": foreign.says, "passed_over": list(foreign.passed_over)},
        }
        with publish.training_lock(self.registry, self.persona.name):
            return publish.publish(self.registry, self.persona.name, foreign.adapter, lineage), foreign

    def evaluate(self, number: int | None = None) -> Evaluation:
        """Measure a version (the newest by default) against the one that speaks, judge it and write the report."""
        started = time.monotonic()
        candidate = publish.require_version(self.registry, self.persona.name, number)
        publish.verify(candidate, self._files.fingerprint)
        active = self._rival(candidate)
        measured = self._measure(candidate, active)
        thresholds = Thresholds(**self._config.gate.model_dump(exclude={"probes"}))
        verdict = judge(
            measured.metrics[candidate],
            measured.metrics[active] if active else None,
            measured.metrics[None],
            thresholds,
            self._learned_from(candidate),
        )
        report = describe(candidate, active, self._files, measured, verdict, thresholds)
        report["seconds"] = round(time.monotonic() - started, 1)
        publish.write_report(self.registry, candidate, report)
        return Evaluation(candidate, verdict, report)

    def judge_and_promote(self, version: AdapterVersion) -> PipelineResult:
        """Evaluate the version; when the gate accepts it, let it speak and delete what it replaces for good."""
        evaluation = self.evaluate(version.number)
        if not evaluation.verdict.accepted:
            return PipelineResult(evaluation, None, ())
        if self._starts_as_canary(version):
            canary = canary_lifecycle.start(self.registry, version, self._config.canary.share)
            return PipelineResult(evaluation, None, (), canary)
        promotion = publish.promote(self.registry, version)
        return PipelineResult(evaluation, promotion, tuple(publish.withdraw_marked(self.registry, self.persona.name)))

    def _starts_as_canary(self, version: AdapterVersion) -> bool:
        """Whether there is a version beside it that may go on speaking."""
        active = self.registry.active_number(self.persona.name)
        known = active is not None and active not in (version.number, *marked(self.registry, self.persona.name))
        return known and self._config.canary.share > 0

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
    def setup(self) -> PersonaSetup:
        """What the persona is asked with."""
        return PersonaSetup(self._config, self.persona, self._files, self._renderer, self._precision, self._device)

    @property
    def _heldout_prompts(self) -> list[str]:
        return self.catalog.heldout_prompts(self.persona.name)

    def _build(self, feedback: CollectedFeedback) -> Dataset:
        training = self._config.training
        limits = {field.name: getattr(training, field.name) for field in dataclasses.fields(SelectionRules)}
        return build_dataset(
            self.persona,
            feedback,
            Examples(
                self.catalog.examples(self.persona.name),
                self.catalog.texts(self.persona.name),
                preservation_pairs(),
            ),
            [*self._heldout_prompts, *probe_prompts(), *(pair.prompt for pair in preservation_heldout())],
            SelectionRules(**limits),
            self._renderer,
        )

    def _hyperparameters(self) -> Hyperparameters:
        training = self._config.training
        if self._config.engine.threads:
            torch.set_num_threads(self._config.engine.threads)
        names = [field.name for field in dataclasses.fields(Hyperparameters)]
        values = {name: getattr(training, name) for name in names if name not in ("precision", "device")}
        return Hyperparameters(**values, precision=self._precision, device=self._device)

    def _recipes(self, dataset: Dataset) -> tuple[Recipe, ...]:
        training = self._config.training
        likes = sum(vote.liked for vote in dataset.votes)
        supply = Supply(
            len(dataset.preferences),
            likes,
            len(dataset.votes) - likes,
            corrections=dataset.kept[Source.CORRECTION],
            rules=self.persona.rules is not None,
        )
        return choose(training.method, supply, Enough(training.preference_pairs, training.preference_votes))

    def _with_samples(self, dataset: Dataset, speaker: AdapterVersion | None) -> Dataset:
        """With more rows that the version that speaks was asked for; what that learned from counts as learned again."""
        held_out = set(map(normal, self._heldout_prompts))
        sampling = Sampling(self.setup, [fact for fact in facts() if normal(fact.prompt) not in held_out])
        with progress_bar(self._console) as progress:
            enriched = sampling.enrich(dataset, speaker, progress)
        return _with_origin(enriched, speaker) if speaker and enriched is not dataset else enriched

    def _kept(
        self, speaker: AdapterVersion | None, dataset: Dataset, recipes: Sequence[Recipe], parameters: Hyperparameters
    ) -> Kept | None:
        """What the new version keeps of the one that speaks: most of it where the votes prove nothing.

        Preferences show what members want, and so do samples, which the votes' scorer chose once it was proven.
        """
        share = self._config.training.kept_share
        if not share or speaker is None or not comparable(speaker, self._files.fingerprint, parameters):
            return None
        if any(recipe.preferences for recipe in recipes):
            return Kept(speaker, share, SHARES)
        return Kept(speaker, 0.0, SHARES if dataset.kept[Source.SAMPLED] else (SHARE_OF_UNPROVEN,))

    def _training_input(self, dataset: Dataset, recipes: Sequence[Recipe], kept: Kept | None) -> TrainingInput:
        """SFT learns the whole of a better answer, DPO only what is better about it: where DPO does, SFT does once."""
        preferred = any(Source.CORRECTION in recipe.preferences for recipe in recipes)
        imitated = dataset.once(Source.CORRECTION) if preferred else dataset
        return TrainingInput(
            imitated.examples(self._renderer, self._config.training.bare_share),
            dataset.preference_examples(self._renderer),
            dataset.voted_examples(self._renderer),
            list(dict.fromkeys(self._renderer.prompt_ids(row.messages) for row in dataset.own_rows if row.messages)),
            self._aim(),
            kept.blend if kept else None,
        )

    def _aim(self) -> Aim | None:
        words = median_words(pair.completion for pair in self.catalog.examples(self.persona.name))
        return Aim(self.persona.rules.as_rules(), int(words)) if self.persona.rules and words else None

    def _lineage(
        self, dataset: Dataset, recipes: Sequence[Recipe], parameters: Hyperparameters, kept: Kept | None = None
    ) -> dict[str, Any]:
        """All that the weights depend on, and where the data came from."""
        return {
            "base_model": self._files.name,
            "base_fingerprint": self._files.fingerprint,
            "dataset_sha256": dataset.sha256,
            "rows": {source.value: count for source, count in dataset.kept.items()},
            "preferences": len(dataset.preferences),
            "votes": len(dataset.votes),
            "reply_ids": dataset.reply_ids,
            "seed": parameters.seed,
            "methods": [recipe.name for recipe in recipes],
            "bare_share": self._config.training.bare_share,
            "hyperparameters": dataclasses.asdict(parameters),
            **({"averaged_with": kept.describe()} if kept else {}),
            "libraries": library_versions(),
        }

    def _rival(self, candidate: AdapterVersion | None) -> AdapterVersion | None:
        """The version that speaks; None where that is nobody, the candidate itself, or one that is no standard."""
        try:
            active = self.registry.active(self.persona.name)
            if active is None or active == candidate:
                return None
            if active.number in marked(self.registry, self.persona.name):
                self._console.print(
                    f"{active} learned from words that have been deleted since, so nothing is compared with it.",
                    markup=False,
                )
                return None
            publish.verify(active, self._files.fingerprint)
        except AdapterError as error:
            self._console.print(f"Nothing is compared with the active version: {error}", markup=False, soft_wrap=True)
            return None
        return active

    def _measure(self, candidate: AdapterVersion, active: AdapterVersion | None) -> Measurement:
        feedback = self._unseen([candidate, *([active] if active else [])])
        heldout = self.catalog.heldout(self.persona.name)
        evaluator = Evaluator(self.setup)
        with progress_bar(self._console) as progress:
            return evaluator.measure(candidate, active, heldout, preservation_heldout(), feedback, progress)

    def _unseen(self, versions: Sequence[AdapterVersion]) -> Unseen:
        """Held-out feedback that none of the versions was trained on; none without a database."""
        if not self._config.store_path.exists():
            return Unseen()
        seen = frozenset[int]().union(*map(publish.trained_on, versions))
        return unseen(self.dataset(), seen, self._renderer)

    def _learned_from(self, candidate: AdapterVersion) -> LearnedFrom:
        """The length of its seed pairs, and whether feedback taught it more than they did."""
        words = median_words(pair.completion for pair in self.catalog.examples(self.persona.name))
        rows = read_manifest(candidate.path).get("rows", {})
        own = sum(count for source, count in rows.items() if source != Source.PRESERVATION)
        return LearnedFrom(bool(publish.trained_on(candidate)), (words,) if words else (), own)


def _with_origin(dataset: Dataset, version: AdapterVersion) -> Dataset:
    """What the version learned from counts as learned again, so that forgetting a member finds this one too."""
    return dataclasses.replace(dataset, origin_ids=dataset.origin_ids | publish.trained_on(version))
