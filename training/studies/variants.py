"""Trains a study's variants in folders of their own in the cache, never among the persona's versions.

A variant that was trained from the same input before is taken as it is.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console

from bot.config import Config, TrainingSection
from bot.errors import ConfigError, PublishError
from bot.personas.catalog import PersonaCatalog
from bot.versions.registry import AdapterVersion
from training.importing.importer import read_import, write_import
from training.importing.request import ImportRequest
from training.pipeline import Pipeline
from training.studies.study_file import FILE, Plan, Variant

JUDGED_BY = ("persona.toml", "heldout.jsonl")
LEARNED = ("examples.jsonl", "texts.jsonl")


def train_variants(config: Config, persona: str, plan: Plan, console: Console) -> Mapping[str, AdapterVersion]:
    """Every variant's version by its name. Raises ConfigError for a setting that is none, DatasetError and more."""
    return {variant.name: _trained(config, persona, variant, console) for variant in plan.variants}


def _trained(config: Config, persona: str, variant: Variant, console: Console) -> AdapterVersion:
    adapters = config.cache_dir / "studies" / persona / variant.folder
    _lay_out(config.adapters_dir / persona, adapters / persona, variant)
    section = {"personas": config.personas.model_copy(update={"folder": str(adapters.absolute())})}
    changed = config.model_copy(update={**section, "training": _settings(config, persona, variant)})
    pipeline = Pipeline(changed, persona, console)
    return pipeline.trained(pipeline.seed_dataset())


def _lay_out(source: Path, target: Path, variant: Variant) -> None:
    """The persona as the variant learns it; versions that are there stay."""
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name in (*JUDGED_BY, *LEARNED):
            (target / name).unlink(missing_ok=True)
        for name in JUDGED_BY if variant.script else (*JUDGED_BY, *LEARNED):
            if (source / name).exists():
                shutil.copyfile(source / name, target / name)
    except OSError as error:
        raise PublishError(f"{target} cannot be written: {error.strerror}; nothing was trained.") from error
    if variant.script:
        speaker = variant.speaker if variant.script == "pairs" else None
        request = ImportRequest(source / "script.txt", "script", variant.script, speaker)
        write_import(read_import(PersonaCatalog(target.parent), target.name, request), target)


def _settings(config: Config, persona: str, variant: Variant) -> TrainingSection:
    try:
        return TrainingSection.model_validate({**config.training.model_dump(), **variant.training})
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(map(str, problem["loc"]))
        raise ConfigError(
            f"adapters/{persona}/{FILE}: {variant.name}: training.{key} = {problem['input']!r}: {problem['msg']}."
        ) from None
