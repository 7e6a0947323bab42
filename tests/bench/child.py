"""Runs one server in a process of its own, so that none inherits another's memory or threads.

usage: python -m tests.bench.child SERVER SETTING-AS-JSON; prints one timing as JSON a line.
"""

import dataclasses
import importlib
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import transformers

from tests.bench.work import Run, Setting, Timing

# Each names a module with `run(setting)`, which yields timings. A new peer is a module and a line here.
SERVERS = {"troupe": "tests.bench.troupe_server", "peft": "tests.bench.peft_server"}


def timings_of(server: str, setting: Setting) -> Iterator[Timing]:
    """Timings as the child measures them. Raises SystemExit when it fails; what it complained of is on stderr."""
    text = json.dumps(dataclasses.asdict(setting), default=str)
    command = [sys.executable, "-m", "tests.bench.child", server, text]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            yield Timing(**json.loads(line))
    if child.returncode != 0:
        raise SystemExit(f"The bench of {server} failed with exit code {child.returncode}; see above.")


def hush() -> None:
    """Libraries' progress bars and advice would bury the table."""
    transformers.utils.logging.disable_progress_bar()
    logging.captureWarnings(True)
    logging.disable(logging.WARNING)


def main() -> None:
    hush()
    server, text = sys.argv[1:]
    given = json.loads(text)
    setting = Setting(**{**given, "model": Path(given["model"]), "adapter": Path(given["adapter"])})
    run: Run = importlib.import_module(SERVERS[server]).run
    for timing in run(setting):
        print(json.dumps(dataclasses.asdict(timing)), flush=True)


if __name__ == "__main__":
    main()
