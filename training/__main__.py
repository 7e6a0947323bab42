"""The command line: `python -m training dataset | train | evaluate | promote | rollback | run | rebuild`.

Console script: `troupe-train`.
"""

import json
import logging
import os
import signal
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bot.config import Config, load_config
from bot.errors import DatasetError, TroupeError
from bot.logs import configure_logging
from bot.personas import PersonaCatalog
from bot.registry import AdapterRegistry, AdapterVersion

if TYPE_CHECKING:
    from training.dataset import Dataset
    from training.publish import Promotion
    from training.workshop import Evaluation, Workshop

REFUSED = 3

app = typer.Typer(
    name="troupe-train",
    help=(
        "Turn members' feedback into better adapters. One step a command, or `run` for all of them in order. "
        "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the gate refused the candidate."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

PersonaArgument = Annotated[str, typer.Argument(metavar="PERSONA", help="The persona's folder name below adapters/.")]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Path of config.toml (default: $TROUPE_CONFIG, else ./config.toml).")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
SeedOption = Annotated[int | None, typer.Option("--seed", help="Seed of the training (default: training.seed).")]
EpochsOption = Annotated[
    float | None, typer.Option("--epochs", min=0.01, help="Passes over the dataset (default: training.epochs).")
]
NumberOption = Annotated[
    int | None, typer.Option("--number", min=1, help="Which version (default: the newest on disk).")
]


@app.command()
def dataset(
    persona: PersonaArgument,
    out: Annotated[
        Path | None, typer.Option("--out", help="Also write the rows to this JSONL file. It holds members' words.")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show what a training of PERSONA would see: rows kept and dropped, with reasons, and the content hash."""
    workshop = _workshop(config, persona)
    built = workshop.dataset()
    if out is not None:
        _write_rows(built, out)
    _show(as_json, _dataset_facts(built), _dataset_table(built))


@app.command()
def train(
    persona: PersonaArgument,
    seed: SeedOption = None,
    epochs: EpochsOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Train a candidate for PERSONA, always from the base model, and save it as the next version. It does not speak."""
    workshop = _workshop(config, persona, seed=seed, epochs=epochs)
    built = workshop.dataset()
    if not as_json:
        _print(_dataset_table(built))
    version = workshop.train(built)
    _show(as_json, _version_facts(version), f"{version} was saved in {version.path}; it does not speak yet.")


@app.command()
def evaluate(
    persona: PersonaArgument, number: NumberOption = None, as_json: JsonOption = False, config: ConfigOption = None
) -> None:
    """Measure a version of PERSONA against the one that speaks, let the gate judge it, and write its report.

    Exits 3 when the gate refuses.
    """
    evaluation = _workshop(config, persona).evaluate(number)
    _show(as_json, evaluation.report, _verdict_text(evaluation))
    _exit_unless_accepted(evaluation)


@app.command()
def promote(
    persona: PersonaArgument,
    number: NumberOption = None,
    force: Annotated[bool, typer.Option("--force", help="Without the gate's acceptance.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Let a version of PERSONA speak, if its report accepts exactly these weights. A running bot follows by itself."""
    from training import publish

    registry = _registry(config, persona)
    version = publish.require_version(registry, persona, number)
    promotion = publish.promote(registry, version, force=force)
    _show(as_json, _promotion_facts(promotion), _promotion_text(promotion))


@app.command()
def rollback(
    persona: PersonaArgument,
    to: Annotated[int | None, typer.Option("--to", min=1, help="The version that shall speak again.")] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Let the version of PERSONA that spoke before speak again. A running bot follows by itself."""
    from training import publish

    promotion = publish.rollback(_registry(config, persona), persona, to)
    _show(as_json, _promotion_facts(promotion), _promotion_text(promotion))


@app.command()
def run(
    persona: PersonaArgument,
    seed: SeedOption = None,
    epochs: EpochsOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """All steps for PERSONA in order: dataset, train, evaluate, promote.

    Exits 3 when the gate refuses; the candidate then keeps its report and never speaks.
    """
    workshop = _workshop(config, persona, seed=seed, epochs=epochs)
    built = workshop.dataset()
    if not as_json:
        _print(_dataset_table(built))
    _train_and_judge(workshop, built, as_json=as_json)


@app.command()
def rebuild(
    personas: Annotated[list[str], typer.Argument(metavar="PERSONA...", help="The personas to rebuild.")],
    config: ConfigOption = None,
) -> None:
    """Train version 1 of each PERSONA afresh from its seed pairs and the preservation set alone, and let it speak.

    No database is read, so the same files and seed give the same adapter. Exits 3 when the gate refuses one.
    """
    workshops = [_workshop(config, persona) for persona in personas]
    for workshop in workshops:
        built = workshop.seed_dataset()
        _print(_dataset_table(built))
        _train_and_judge(workshop, built, number=1, as_json=False)


def _train_and_judge(workshop: "Workshop", built: "Dataset", *, as_json: bool, number: int | None = None) -> None:
    from training import publish

    version = workshop.train(built, number)
    if not as_json:
        _print(f"{version} was saved in {version.path}.")
    evaluation = workshop.evaluate(version.number)
    promotion = publish.promote(workshop.registry, version) if evaluation.verdict.accepted else None
    facts = {
        "dataset": _dataset_facts(built),
        "version": _version_facts(version),
        "report": evaluation.report,
        "promotion": _promotion_facts(promotion) if promotion else None,
    }
    lines = [_verdict_text(evaluation), *([_promotion_text(promotion)] if promotion else [])]
    _show(as_json, facts, "\n".join(lines))
    _exit_unless_accepted(evaluation)


def _registry(path: Path | None, persona: str) -> AdapterRegistry:
    """For the commands that only move the pointer: they must not wait for torch."""
    config = load_config(path)
    PersonaCatalog(config.adapters_dir).get(persona)
    return AdapterRegistry(config.adapters_dir)


def _workshop(path: Path | None, persona: str, seed: int | None = None, epochs: float | None = None) -> "Workshop":
    config = load_config(path)
    configure_logging("WARNING", config.logging.format)
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # it tells of kernels that training never uses
    # Beside a serving bot, threads that wait by spinning make both many times slower. Read when torch loads.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from training.workshop import Workshop  # torch and TRL load only once there is something to do

    return Workshop(_with_overrides(config, seed=seed, epochs=epochs), persona, Console(stderr=True))


def _with_overrides(config: Config, **overrides: float | None) -> Config:
    chosen = {key: value for key, value in overrides.items() if value is not None}
    return config.model_copy(update={"training": config.training.model_copy(update=chosen)})


def _write_rows(built: "Dataset", out: Path) -> None:
    from training.dataset import canonical_json

    try:
        out.write_text("".join(canonical_json(row) + "\n" for row in built.rows), encoding="utf-8")
    except OSError as error:
        raise DatasetError(f"--out {out}: cannot be written: {error.strerror}.") from None


def _dataset_facts(built: "Dataset") -> dict[str, Any]:
    return {
        "persona": built.persona,
        "sha256": built.sha256,
        "rows": len(built.rows),
        "heldout": len(built.heldout),
        "kept": {source.value: count for source, count in built.kept.items()},
        "dropped": [
            {"source": source.value, "reason": reason, "rows": count}
            for (source, reason), count in sorted(built.dropped.items())
        ],
    }


def _dataset_table(built: "Dataset") -> Table:
    from training.sources import Source

    held = Counter(row.source for row in built.heldout)
    table = Table(title=f"{built.persona}: {len(built.rows)} rows, dataset {built.sha256[:12]}", title_justify="left")
    for column, justify in (("source", "left"), ("train", "right"), ("held out", "right"), ("dropped", "left")):
        table.add_column(column, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for source in Source:
        reasons = [f"{count} × {why}" for (origin, why), count in sorted(built.dropped.items()) if origin is source]
        table.add_row(source.value, str(built.kept[source]), str(held[source]), "\n".join(reasons))
    return table


def _version_facts(version: AdapterVersion) -> dict[str, Any]:
    return {"persona": version.persona, "number": version.number, "sha256": version.sha256, "path": str(version.path)}


def _promotion_facts(promotion: "Promotion") -> dict[str, Any]:
    return {**_version_facts(promotion.version), "previous": promotion.previous}


def _promotion_text(promotion: "Promotion") -> str:
    version, before = promotion.version, promotion.previous
    if before == version.number:
        return f"{version} speaks, as before."
    was = "the base model" if before is None else f"v{before}"
    return f"{version} speaks now (was {was}). A running bot follows within seconds."


def _verdict_text(evaluation: "Evaluation") -> str:
    verdict = "accepted" if evaluation.verdict.accepted else "refused; it will not speak"
    reasons = [
        f"  {'✗' if reason in evaluation.verdict.refusals else '✓'} {reason}" for reason in evaluation.verdict.reasons
    ]
    return "\n".join([f"{evaluation.version}: {verdict}.", *reasons])


def _exit_unless_accepted(evaluation: "Evaluation") -> None:
    if not evaluation.verdict.accepted:
        raise typer.Exit(REFUSED)


def _show(as_json: bool, facts: Mapping[str, Any], text: str | Table) -> None:
    if as_json:
        print(json.dumps(facts, ensure_ascii=False))
    else:
        _print(text)


def _print(text: str | Table) -> None:
    Console().print(text, markup=False, highlight=False, soft_wrap=isinstance(text, str))


def main() -> None:
    """Run the command line; an expected failure is one plain sentence on stderr and exit code 1."""
    # A bot that stops ends the training it started: unwind, so that no temporary folder stays behind.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        app(standalone_mode=True)
    except TroupeError as error:
        as_json = "--json" in sys.argv
        print(json.dumps({"error": str(error)}) if as_json else f"troupe-train: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
