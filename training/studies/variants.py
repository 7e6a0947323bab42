"""Owns the training of a study's variants: in folders of their own in the cache, never among the persona's versions.

A variant that was trained from the same input before is taken as it is.
"""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console

from bot.config import Config, TrainingSection
from bot.errors import ConfigError
from bot.personas import PersonaCatalog
from bot.registry import AdapterVersion
from training.importing.importer import read_import, write_import
from training.studies.plan import FILE, Plan, Variant
from training.workshop import Workshop

CARD, EXAMPLES, TEXTS, HELD_OUT, SCRIPT = (
    "persona.toml", "examples.jsonl", "texts.jsonl", "heldout.jsonl", "script.txt",
)  # fmt: skip


def train_variants(config: Config, persona: str, plan: Plan, console: Console) -> Mapping[str, AdapterVersion]:
    """Every variant's version by its name. Raises ConfigError for a setting that is none, DatasetError and more."""
    return {variant.name: _trained(config, persona, variant, console) for variant in plan.variants}


def _trained(config: Config, persona: str, variant: Variant, console: Console) -> AdapterVersion:
    adapters = config.cache_dir / "studies" / persona / re.sub(r"\W+", "-", variant.name)
    _lay_out(config.adapters_dir / persona, adapters / persona, variant)
    section = {"personas": config.personas.model_copy(update={"folder": str(adapters.absolute())})}
    changed = config.model_copy(update={**section, "training": _settings(config, persona, variant)})
    workshop = Workshop(changed, persona, console)
    return workshop.trained(workshop.seed_dataset())


def _lay_out(source: Path, target: Path, variant: Variant) -> None:
    """The persona as the variant learns it; versions that are there stay."""
    target.mkdir(parents=True, exist_ok=True)
    learned = () if variant.script else (EXAMPLES, TEXTS)
    for name in (CARD, HELD_OUT, EXAMPLES, TEXTS):
        (target / name).unlink(missing_ok=True)
        if name in (CARD, HELD_OUT, *learned) and (source / name).exists():
            shutil.copyfile(source / name, target / name)
    if variant.script:
        catalog = PersonaCatalog(target.parent)
        script, speaker = source / SCRIPT, variant.speaker
        found = read_import(catalog, target.name, script, given="script", mode=variant.script, speaker=speaker)
        write_import(found, target)


def _settings(config: Config, persona: str, variant: Variant) -> TrainingSection:
    try:
        return TrainingSection.model_validate({**config.training.model_dump(), **variant.training})
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(map(str, problem["loc"]))
        raise ConfigError(
            f"adapters/{persona}/{FILE}: {variant.name}: training.{key} = {problem['input']!r}: {problem['msg']}."
        ) from None
