"""What a command works with: the configuration, the registry, the pipeline."""

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from bot.config import Config, load_config
from bot.logs import configure_logging
from bot.personas.catalog import PersonaCatalog
from bot.versions.registry import AdapterRegistry

if TYPE_CHECKING:
    from training.pipeline import Pipeline


def open_registry(path: Path | None, persona: str) -> AdapterRegistry:
    """For the commands that only move the pointer: they must not wait for torch."""
    config = load_config(path)
    PersonaCatalog(config.adapters_dir).get(persona)
    return registry_of(config)


def registry_of(config: Config) -> AdapterRegistry:
    """Of the base model in use, without waiting for torch or for a base model that is not here yet."""
    from bot.engine.base_model import known_fingerprint  # transformers takes a second

    return AdapterRegistry(config.adapters_dir, known_fingerprint(config.model.base, config.cache_dir))


def open_pipeline(path: Path | None, persona: str, **overrides: float | str | None) -> "Pipeline":
    """`overrides`: keys of [training] with the values that the command line gives, None for none."""
    config = load_config(path)
    configure_logging("WARNING", config.logging.format)
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # it tells of kernels that training never uses
    # Beside a serving bot, threads that wait by spinning make both many times slower. Read when torch loads.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    # Every batch has a shape of its own, and oneDNN keeps the kernels of 1024 shapes: 10 MB more a step.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "16")
    from bot.engine.system_memory import map_large_pieces
    from training.pipeline import Pipeline  # torch and TRL load only once there is something to do

    map_large_pieces()
    return Pipeline(_with_overrides(config, overrides), persona, Console(stderr=True))


def _with_overrides(config: Config, overrides: Mapping[str, float | str | None]) -> Config:
    chosen = {key: value for key, value in overrides.items() if value is not None}
    return config.model_copy(update={"training": config.training.model_copy(update=chosen)})
