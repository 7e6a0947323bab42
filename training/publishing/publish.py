"""How a version comes to disk and comes to speak: publish, promote, roll back.

On-disk contract: adapters/README.md. Every step is all or nothing: whatever fails, the active version goes on
speaking.
"""

import dataclasses
import datetime
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock

from bot.errors import AdapterError, PublishError
from bot.posix import sync_folder
from bot.versions.canary import CANARY, HISTORY
from bot.versions.rebuild_marks import marked, unmark
from bot.versions.registry import (
    MANIFEST,
    PEFT_CONFIG,
    WEIGHTS,
    ActiveLine,
    AdapterRegistry,
    AdapterVersion,
    read_manifest,
    write_atomically,
)

if TYPE_CHECKING:
    from training.recipes.adapter import TrainedAdapter  # torch would make a rollback wait

STAGING = ".staging-"
# Actions of the history that change who speaks everywhere.
PROMOTE, ROLLBACK, ROLLBACK_TO_BASE = "promote", "rollback", "rollback to base"
CANARY_BEGAN = "canary"


@dataclass(frozen=True)
class Promotion:
    """`active` was flipped from `previous` (None: nobody spoke with an adapter) to `version`."""

    version: AdapterVersion
    previous: int | None


@contextmanager
def training_lock(registry: AdapterRegistry, persona: str) -> Iterator[Path]:
    """One training of a persona at a time; the kernel drops the lock when the process dies. Raises PublishError.

    Yields the folder of the persona's versions.
    """
    versions = _versions_folder(registry, persona)
    lock = filelock.FileLock(versions / ".lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise PublishError(f"Another training of {persona} is running: wait until it has ended.") from None
    except OSError as error:
        raise PublishError(f"{versions} cannot be written: {error.strerror}; nothing was changed.") from error
    try:
        _sweep(versions)
        yield versions
    finally:
        lock.release()


def publish(
    registry: AdapterRegistry,
    persona: str,
    trained: "TrainedAdapter",
    lineage: Mapping[str, Any],
    *,
    reuse: bool = False,
) -> AdapterVersion:
    """Write a new version directory, complete or not at all; it does not speak yet. Nothing that is there is replaced.

    `lineage` is the manifest's account of where the weights come from. With `reuse`, a version of the same weights and
    base model is taken as it is. Raises PublishError, for example when the disk is full.
    """
    versions = _versions_folder(registry, persona)
    sha256 = hashlib.sha256(trained.weights).hexdigest()
    if reuse and (known := _same(registry, persona, sha256, lineage.get("base_fingerprint"))):
        return known
    chosen = registry.next_number(persona)
    target = versions / str(chosen)
    manifest = {
        "persona": persona,
        "number": chosen,
        "adapter_sha256": sha256,
        **lineage,
        "loss_curve": [dataclasses.asdict(point) for point in trained.loss_curve],
        "seconds": trained.seconds,
        "parent": None,
        "created_at": _now(),
    }
    files = {
        WEIGHTS: trained.weights,
        PEFT_CONFIG: _json_bytes(trained.peft_config),
        MANIFEST: _json_bytes(manifest),
    }
    try:
        with _staging_folder(versions, chosen) as staged:
            for name, content in files.items():
                _write(staged / name, content)
            sync_folder(staged)
            staged.rename(target)
            sync_folder(versions)
    except OSError as error:
        raise PublishError(
            f"{target} cannot be written: {error.strerror}; free some space or fix the folder's permissions, then "
            "train again. Nothing was published, and the active version goes on speaking."
        ) from error
    return registry.version(persona, chosen)


def verify(version: AdapterVersion, base_fingerprint: str | None = None) -> None:
    """Raises AdapterError unless the weights are those the manifest describes, and of this base model."""
    file = version.path / WEIGHTS
    try:
        found = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise AdapterError(f"{file} cannot be read: {error.strerror}; train the version again.") from error
    if found != version.sha256:
        raise AdapterError(
            f"{file} has sha256 {found[:12]}… and its manifest says {version.sha256[:12]}…: it was changed after "
            "training; train the version again."
        )
    trained_for = read_manifest(version.path).get("base_fingerprint")
    if base_fingerprint is not None and trained_for != base_fingerprint:
        raise AdapterError(
            f"{version} was trained on another base model (fingerprint {str(trained_for)[:12]}…, model.base has "
            f"{base_fingerprint[:12]}…): set model.base back, or train the persona again."
        )


def promote(
    registry: AdapterRegistry, version: AdapterVersion, *, force: bool = False, reason: str | None = None
) -> Promotion:
    """Let `version` speak, everywhere. Raises PublishError unless the gate accepted exactly these weights, or `force`.

    `reason` is kept in the history.
    """
    _require_fit(registry, version)
    if not force:
        require_acceptance(registry, version)
    return _activate(registry, version, PROMOTE, forced=force, reason=reason)


def rollback(registry: AdapterRegistry, persona: str, to: int | None = None, *, force: bool = False) -> Promotion:
    """Let the version that spoke before, or version `to`, speak again. Raises PublishError when there is none.

    Version `to` must have spoken before, or be accepted by the gate, unless `force`: that is recorded.
    """
    active = registry.active_number(persona)
    if active is None and to is None:
        raise PublishError(f"{persona}: no version speaks, so there is nothing to roll back.")
    number = _spoke_before(registry, persona, active) if to is None and active is not None else to
    if number is None:
        raise PublishError(
            f"{persona}: v{active} is the first version that spoke, so there is nothing to roll back to; "
            "`--to base` lets it speak from its card."
        )
    if number == active:
        raise PublishError(f"{persona}: v{active} already speaks.")
    version = require_version(registry, persona, number)
    _require_fit(registry, version)
    if not force and not has_spoken(registry, version):
        require_acceptance(registry, version, "rollback --to")
    return _activate(registry, version, ROLLBACK, forced=force)


def rollback_to_base(registry: AdapterRegistry, persona: str) -> AdapterVersion:
    """Let the persona speak from its card alone; the version that spoke. Raises PublishError where none does."""
    active = registry.active(persona)
    if active is None:
        raise PublishError(f"{persona}: no version speaks; it speaks from its card already.")
    with remembered(registry, active, ROLLBACK_TO_BASE, previous=active.number):
        registry.deactivate(persona, active.number)
        (registry.folder / persona / CANARY).unlink(missing_ok=True)
    return active


def has_spoken(registry: AdapterRegistry, version: AdapterVersion) -> bool:
    """Whether exactly these weights spoke before, everywhere or as a canary; what speaks now counts."""
    if any(line.number == version.number for line in registry.active_lines(version.persona)):
        return True
    spoke = (PROMOTE, ROLLBACK, CANARY_BEGAN)
    lines = [entry for entry in history(registry, version.persona) if entry["action"] in spoke]
    return any((e["number"], e.get("adapter_sha256")) == (version.number, version.sha256) for e in lines) or any(
        e.get("previous") == version.number for e in lines
    )


def _require_fit(registry: AdapterRegistry, version: AdapterVersion) -> None:
    verify(version, registry.base if not registry.fits(version.persona, version.number) else None)


def withdraw_marked(registry: AdapterRegistry, persona: str) -> list[int]:
    """Delete the marked versions that do not speak, and their marks; the versions deleted.

    What they learned from was deleted, so nobody may roll back to them. Raises PublishError.
    """
    active = _active_or_none(registry, persona)
    gone = [number for number in marked(registry, persona) if number != active]
    for number in gone:
        if any(line.number == number for line in _lines_or_none(registry, persona)):
            registry.deactivate(persona, number)  # on another base model, the persona speaks from its card then
        folder = registry.folder / persona / "versions" / str(number)
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise PublishError(f"{folder} cannot be deleted: {error.strerror}; delete it by hand.") from error
        unmark(registry, persona, number)
    return gone


def require_version(registry: AdapterRegistry, persona: str, number: int | None = None) -> AdapterVersion:
    """Version `number`, or the newest. Raises PublishError naming what there is."""
    numbers = registry.numbers(persona)
    if not numbers:
        raise PublishError(f"{persona} has no trained version yet: run `python -m training train {persona}`.")
    if number is not None and number not in numbers:
        known = ", ".join(map(str, numbers))
        raise PublishError(f"{persona} has no version {number}; it has {known}.")
    return registry.version(persona, numbers[-1] if number is None else number)


def report_path(registry: AdapterRegistry, version: AdapterVersion) -> Path:
    return registry.folder / version.persona / "reports" / f"{version.number}.json"


def read_report(registry: AdapterRegistry, version: AdapterVersion) -> dict[str, Any] | None:
    """What the gate said of exactly these weights; None when it has not judged them."""
    file = report_path(registry, version)
    try:
        report = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise PublishError(f"{file} cannot be read: {error}; evaluate the version again.") from error
    if not isinstance(report, dict) or report.get("adapter_sha256") != version.sha256:
        return None
    return report


def write_report(registry: AdapterRegistry, version: AdapterVersion, report: Mapping[str, Any]) -> Path:
    file = report_path(registry, version)
    try:
        file.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise PublishError(f"{file.parent} cannot be made: {error.strerror}; nothing was changed.") from error
    write_atomically(file, _json_bytes(dict(report)).decode())
    return file


def trained_on(version: AdapterVersion) -> frozenset[int]:
    """The stored replies the version has seen in training."""
    return frozenset(read_manifest(version.path).get("reply_ids", ()))


def history(registry: AdapterRegistry, persona: str) -> Iterator[dict[str, Any]]:
    """Promotions and rollbacks, oldest first; a line torn by a crash is skipped."""
    try:
        lines = _history_file(registry, persona).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        raise PublishError(f"{_history_file(registry, persona)} cannot be read: {error}.") from error
    for line in lines:
        with suppress(ValueError, RecursionError):
            entry = json.loads(line)
            if isinstance(entry, dict) and isinstance(entry.get("number"), int):
                yield {"action": PROMOTE, **entry}


def require_acceptance(registry: AdapterRegistry, version: AdapterVersion, command: str = "promote") -> None:
    """`command`: what was asked for, which --force would do all the same."""
    report = read_report(registry, version)
    evaluate = f"`python -m training evaluate {version.persona} --number {version.number}`"
    if report is None:
        raise PublishError(f"{version} has not been evaluated: run {evaluate} first, or {command} with --force.")
    if report.get("accepted") is not True:
        reasons = "; ".join(map(str, report.get("refusals", ())))
        raise PublishError(f"{version} was refused by the gate ({reasons}): train another, or {command} with --force.")


def _activate(
    registry: AdapterRegistry, version: AdapterVersion, action: str, *, forced: bool, reason: str | None = None
) -> Promotion:
    """Flip the pointer and remember it; whatever canary there was has ended with that."""
    persona, previous = version.persona, _active_or_none(registry, version.persona)
    with remembered(registry, version, action, previous=previous, forced=forced, reason=reason):
        registry.activate(persona, version.number)
        (registry.folder / persona / CANARY).unlink(missing_ok=True)
    return Promotion(version, previous)


@contextmanager
def remembered(
    registry: AdapterRegistry,
    version: AdapterVersion,
    action: str,
    *,
    previous: int | None,
    forced: bool = False,
    reason: str | None = None,
) -> Iterator[None]:
    """Write a line of history before what the block does; when that fails, the line is taken back. PublishError."""
    entry = {
        "at": _now(),
        "action": action,
        "number": version.number,
        "previous": previous,
        "adapter_sha256": version.sha256,
        "base": registry.base_of(version.persona, version.number),
        "forced": forced,
        "reason": reason,
    }
    log = _history_file(registry, version.persona)
    size = log.stat().st_size if log.exists() else 0
    try:
        with log.open("ab") as file:
            file.write(json.dumps(entry).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        yield
    except (OSError, PublishError) as error:
        with suppress(OSError):
            os.truncate(log, size)
        if isinstance(error, PublishError):
            raise
        raise PublishError(f"{log} cannot be written: {error.strerror}; nothing was changed.") from error


def _active_or_none(registry: AdapterRegistry, persona: str) -> int | None:
    """A pointer that cannot be read must not keep a good version from being promoted over it."""
    try:
        return registry.active_number(persona)
    except AdapterError:
        return None


def _lines_or_none(registry: AdapterRegistry, persona: str) -> list[ActiveLine]:
    try:
        return registry.active_lines(persona)
    except AdapterError:
        return []


def _spoke_before(registry: AdapterRegistry, persona: str, active: int) -> int | None:
    """The version that `active` replaced, by the history; where that is silent, the next lower number."""
    spoken: list[int] = []
    for entry in history(registry, persona):
        number = entry["number"]
        if entry["action"] not in (PROMOTE, ROLLBACK) or not registry.fits(persona, number):
            continue
        if entry["action"] == ROLLBACK and number in spoken:
            del spoken[spoken.index(number) + 1 :]
        else:
            previous = entry.get("previous")
            if not spoken and isinstance(previous, int):
                spoken.append(previous)
            spoken.append(number)
    known = {number for number in registry.numbers(persona) if registry.fits(persona, number)} - {active}
    if spoken and spoken[-1] == active:
        earlier = [number for number in spoken if number in known]
        return earlier[-1] if earlier else None
    accepted = (number for number in known if number < active and _is_accepted(registry, persona, number))
    return max(accepted, default=None)


def _is_accepted(registry: AdapterRegistry, persona: str, number: int) -> bool:
    try:
        report = read_report(registry, registry.version(persona, number))
    except (AdapterError, PublishError):
        return False
    return report is not None and report.get("accepted") is True


def _history_file(registry: AdapterRegistry, persona: str) -> Path:
    return registry.folder / persona / HISTORY


def _versions_folder(registry: AdapterRegistry, persona: str) -> Path:
    folder = registry.folder / persona / "versions"
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise PublishError(f"{folder} cannot be made: {error.strerror}; nothing was changed.") from error
    return folder


def _sweep(versions: Path) -> None:
    """Remove what a killed training left; the caller holds the lock, so nobody is writing there."""
    for leftover in versions.glob(f"{STAGING}*"):
        shutil.rmtree(leftover, ignore_errors=True)


@contextmanager
def _staging_folder(versions: Path, number: int) -> Iterator[Path]:
    staged = Path(tempfile.mkdtemp(prefix=f"{STAGING}{number}-", dir=versions))
    try:
        staged.chmod(0o755)
        yield staged
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _write(file: Path, content: bytes) -> None:
    with file.open("wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())


def _same(registry: AdapterRegistry, persona: str, sha256: str, base: Any) -> AdapterVersion | None:
    """The newest whole version of these weights for this base model that learned from nothing deleted since."""
    for number in sorted(set(registry.numbers(persona)) - set(marked(registry, persona)), reverse=True):
        with suppress(AdapterError):
            version = registry.version(persona, number)
            if version.sha256 == sha256 and registry.base_of(persona, number) == base:
                verify(version)
                return version
    return None


def _json_bytes(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
