"""Behind `python -m bot doctor`: what is present, what is missing, and the remedy for each. It changes nothing."""

import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.config import Config, load_config
from bot.errors import OperatorError, StoreError, TroupeError
from bot.personas.catalog import PersonaCatalog
from bot.store import open_snapshot
from bot.versions.registry import WEIGHTS, AdapterRegistry

PACKAGES = ("torch", "transformers", "peft", "trl", "bitsandbytes", "datasets", "discord.py", "aiosqlite", "simcord")
FREE_GB = 2.0


class Condition(StrEnum):
    OK = "ok"
    NOTE = "note"  # works, but worth knowing
    MISSING = "missing"  # must be mended


@dataclass(frozen=True)
class Finding:
    subject: str
    state: Condition
    detail: str
    remedy: str = ""


def examine(config_path: Path | None = None) -> list[Finding]:
    """Run every check; one that fails never hides the others."""
    try:
        config = load_config(config_path)
    except OperatorError as error:
        return [*_python(), Finding("configuration", Condition.MISSING, str(error), "correct that key")]
    checks: list[Callable[[], Iterator[Finding]]] = [
        _python,
        _packages,
        _device,
        lambda: _base_model(config),
        lambda: _personas(config),
        lambda: _store(config),
        lambda: _disk(config),
        lambda: _discord(config),
        _browser,
    ]
    findings = [Finding("configuration", Condition.OK, f"{config.adapters_dir.parent / 'config.toml'}")]
    for check in checks:
        findings.extend(_findings_of(check))
    return findings


def _findings_of(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from check()
    except TroupeError as error:
        yield Finding("configuration", Condition.MISSING, str(error), "correct that key")


def print_findings(findings: list[Finding], console: Console) -> bool:
    """A table of findings; True when nothing is missing."""
    table = Table(show_edge=False, pad_edge=False, box=None)
    for column in ("", "what", "found", "remedy"):
        table.add_column(column, overflow="fold")
    marks = {Condition.OK: "[green]✓[/]", Condition.NOTE: "[yellow]•[/]", Condition.MISSING: "[red]✗[/]"}
    for finding in findings:
        table.add_row(marks[finding.state], finding.subject, finding.detail, finding.remedy)
    console.print(table)
    missing = [finding.subject for finding in findings if finding.state is Condition.MISSING]
    console.print(f"\nPlease fix: {', '.join(missing)}." if missing else "\nAll set: Troupe has everything it needs.")
    return not missing


def _python() -> Iterator[Finding]:
    yield Finding("python", Condition.OK, ".".join(map(str, sys.version_info[:3])))


def _packages() -> Iterator[Finding]:
    found, absent = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            absent.append(name)
    if absent:
        yield Finding("packages", Condition.MISSING, f"not installed: {', '.join(absent)}", "`make run` installs them")
    else:
        yield Finding("packages", Condition.OK, ", ".join(found))


def _device() -> Iterator[Finding]:
    import torch

    if torch.cuda.is_available():
        yield Finding("device", Condition.OK, torch.cuda.get_device_name(0))
        return
    int8 = "int8 kernels" if torch.backends.quantized.supported_engines != ["none"] else "no int8 kernels: fp32"
    cores = os.cpu_count() or 1
    detail = f"CPU, {cores} cores, {torch.backends.cpu.get_cpu_capability()}, {int8}"
    yield Finding("device", Condition.NOTE, detail, "for larger base models, use a machine with CUDA")


def _base_model(config: Config) -> Iterator[Finding]:
    from bot.engine.base_model import describe_base_model

    try:
        yield Finding("base model", Condition.OK, describe_base_model(config.model.base, config.cache_dir))
    except TroupeError as error:
        yield Finding("base model", Condition.MISSING, str(error), "see model.base in config.toml")


def _personas(config: Config) -> Iterator[Finding]:
    try:
        catalog = PersonaCatalog(config.adapters_dir)
        catalog.get(config.personas.default)
    except TroupeError as error:
        yield Finding("personas", Condition.MISSING, str(error), "see adapters/README.md")
        return
    for name, problem in catalog.problems.items():
        yield Finding(name, Condition.MISSING, str(problem), "see adapters/README.md")
    from bot.engine.base_model import known_fingerprint

    registry = AdapterRegistry(config.adapters_dir, known_fingerprint(config.model.base, config.cache_dir))
    for persona in catalog.all():
        try:
            version = registry.active(persona.name)
        except TroupeError as error:
            yield Finding(persona.name, Condition.MISSING, str(error), f"`python -m training rollback {persona.name}`")
            continue
        if version is None and registry.active_elsewhere(persona.name):
            detail = "has no adapter for this base model and speaks from its card; another base model has one"
            yield Finding(persona.name, Condition.NOTE, detail, f"`python -m training run {persona.name}`")
        elif version is None:
            yield Finding(persona.name, Condition.OK, "speaks from its prompt alone")
        elif (version.path / WEIGHTS).is_file():
            yield Finding(persona.name, Condition.OK, f"v{version.number} speaks")
        else:
            detail = f"v{version.number} is active but {version.path / WEIGHTS} is missing"
            yield Finding(persona.name, Condition.MISSING, detail, f"`python -m training rollback {persona.name}`")


def _store(config: Config) -> Iterator[Finding]:
    path = config.store_path
    if not path.exists():
        yield Finding("database", Condition.OK, f"{path} will be created")
        return
    try:
        with open_snapshot(path) as snapshot:
            replies, votes = snapshot.counts()
        yield Finding("database", Condition.OK, f"{path}: {replies} replies, {votes} votes")
    except StoreError as error:
        yield Finding("database", Condition.MISSING, str(error), "or restore a backup, or point store.path elsewhere")


def _disk(config: Config) -> Iterator[Finding]:
    for subject, path in (("data folder", config.store_path.parent), ("cache folder", config.cache_dir)):
        place = next(p for p in (path, *path.parents) if p.exists())
        free = shutil.disk_usage(place).free / 1e9
        if not os.access(place, os.W_OK):
            yield Finding(subject, Condition.MISSING, f"{place} is not writable", "make it writable, or use another")
        elif free < FREE_GB:
            yield Finding(subject, Condition.MISSING, f"{place}: {free:.1f} GB free", f"make {FREE_GB:.0f} GB of room")
        else:
            yield Finding(subject, Condition.OK, f"{path}: {free:.0f} GB free")


def _discord(config: Config) -> Iterator[Finding]:
    if config.secrets.discord_token is not None:
        yield Finding("Discord", Condition.OK, "DISCORD_TOKEN is set: `make run` connects to Discord")
        return
    yield Finding(
        "Discord", Condition.NOTE, "no DISCORD_TOKEN: `make run` starts a local Discord", "README, “Going live”"
    )
    address = (config.sandbox.host, config.sandbox.port)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            where = f"{address[0]}:{address[1]}: {error.strerror}"
            yield Finding("sandbox", Condition.MISSING, where, "set TROUPE_SANDBOX__PORT to a free port")
        else:
            yield Finding("sandbox", Condition.OK, f"{address[0]}:{address[1]} is free")


def _browser() -> Iterator[Finding]:
    if path := shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome"):
        yield Finding("browser for tests", Condition.OK, path)
    else:
        yield Finding(
            "browser for tests", Condition.NOTE, "no Chromium: browser tests are skipped", "apt install chromium"
        )
