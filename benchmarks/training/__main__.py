"""What learning costs on this machine: `python -m benchmarks.training` (`make bench-training`), about ten minutes.

Each figure comes from a process of its own, so that its peak memory is its own:

- train: pirate from scratch, seed pairs and ordinary questions;
- evaluate: that candidate beside the active version and the base model, no answer remembered;
- dataset: building one from 100,000 votes on 25,000 replies in the store.

Writes bench-results/training.json.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.serving.machine import describe_machine

REPOSITORY = Path(__file__).parents[2]
RESULTS = Path("bench-results/training.json")
PERSONA = "pirate"
# Seconds and MiB, in the order in which they are measured: with votes in the store, an evaluation does more.
LIMITS = {"train": (240, 2048), "evaluate": (180, None), "dataset": (30, None)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="*", default=list(LIMITS), help=f"of {', '.join(LIMITS)} (default: all)")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        print(json.dumps(_measured(chosen.what[0], chosen.child)))
        return
    with tempfile.TemporaryDirectory(prefix="troupe-bench-") as folder:
        home = _home(Path(folder))
        figures = {what: _in_a_process(what, home) for what in chosen.what}
    told = {"machine": describe_machine(), "figures": figures}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(told, indent=2) + "\n")
    _show(figures)
    print(f"written to {RESULTS}")


def _home(folder: Path) -> Path:
    """The shipped personas and settings, nothing of this checkout's data."""
    shutil.copytree(REPOSITORY / "adapters", folder / "adapters")
    shutil.copy(REPOSITORY / "config.toml", folder)
    return folder


def _in_a_process(what: str, home: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.training", what, "--child", str(home)]
    done = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, check=True, text=True)
    facts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return facts


def _measured(what: str, home: Path) -> dict[str, Any]:
    prepare, work = {"dataset": _dataset, "train": _train, "evaluate": _evaluate}[what](home)
    prepare()
    load, started, busy = os.getloadavg()[0], time.monotonic(), time.process_time()
    told = work()
    return {
        "seconds": round(time.monotonic() - started, 1),
        "cpu_seconds": round(time.process_time() - busy, 1),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "load_before": round(load, 1),
        **told,
    }


Job = tuple[Callable[[], object], Callable[[], dict[str, Any]]]  # what is not measured, and what is


def _dataset(home: Path) -> Job:
    from benchmarks.training.votes import REPLIES, VOTES_EACH, cast

    def work() -> dict[str, Any]:
        built = _workshop(home).dataset()
        return {"votes": REPLIES * VOTES_EACH, "rows": len(built.rows), "voted": len(built.votes)}

    return lambda: cast(home / "data" / "troupe.db", PERSONA), work


def _train(home: Path) -> Job:
    def work() -> dict[str, Any]:
        pipeline = _workshop(home)
        dataset = pipeline.seed_dataset()
        return {"rows": len(dataset.rows), "version": pipeline.train(dataset).number}

    return lambda: None, work


def _evaluate(home: Path) -> Job:
    def work() -> dict[str, Any]:
        evaluation = _workshop(home).evaluate()
        return {"accepted": evaluation.verdict.accepted, "version": evaluation.version.number}

    return lambda: shutil.rmtree(home / "cache" / "answers", ignore_errors=True), work


def _workshop(home: Path) -> Any:
    """As `python -m training` opens it, with a memory of answers that is not the user's."""
    from bot.config import load_config
    from bot.engine.base_model import prepare_base_model
    from training.cli.setup import open_pipeline

    config = load_config(home / "config.toml")
    prepared = prepare_base_model(config.model.base, config.cache_dir, lambda *_: None)
    (home / "cache").mkdir(exist_ok=True)
    os.environ["TROUPE_MODEL__CACHE_DIR"] = str(home / "cache")
    os.environ["TROUPE_MODEL__BASE"] = str(prepared.path)
    return open_pipeline(home / "config.toml", PERSONA)


def _show(figures: dict[str, dict[str, Any]]) -> None:
    table = Table("what", "seconds", "limit", "CPU seconds", "peak MiB", "limit", "load before")
    for what, told in figures.items():
        seconds, memory = LIMITS[what]
        table.add_row(
            what,
            str(told["seconds"]),
            str(seconds),
            str(told["cpu_seconds"]),
            str(told["peak_mib"]),
            str(memory or "–"),
            str(told["load_before"]),
        )
    Console().print(table)


if __name__ == "__main__":
    main()
