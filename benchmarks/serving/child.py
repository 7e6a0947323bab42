"""Runs one part of the bench on one server in a process of its own, so that none inherits another's memory or threads.

usage: python -m benchmarks.serving.child SERVER PART SETTING-AS-JSON; prints what is measured as JSON, one a line.
"""

import dataclasses
import importlib
import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import transformers

from benchmarks.serving.http_peer import PeerFailed
from benchmarks.serving.work import Figure, Measured, Run, Setting, Timing

# Each names a module with `run(setting, part)`. A new peer is a module and a line here.
SERVERS = {
    "troupe": "benchmarks.serving.troupe_server",
    "peft": "benchmarks.serving.peft_server",
    "llama": "benchmarks.serving.llama_server",
    "vllm": "benchmarks.serving.vllm_server",
    "gpu": "benchmarks.serving.gpu_server",
}


def measured_by(server: str, part: str, setting: Setting) -> Iterator[Measured]:
    """As the child measures it. Raises SystemExit when the child fails; what it complained of is on stderr."""
    command = [sys.executable, "-m", "benchmarks.serving.child", server, part, setting.to_json()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            yield read(json.loads(line))
    if child.returncode != 0:
        raise SystemExit(f"The bench of {server}, part {part}, failed with exit code {child.returncode}; see above.")


def read(given: dict[str, float | str]) -> Measured:
    return Figure(**given) if given.keys() == {"name", "value"} else Timing(**given)  # type: ignore[arg-type]


def hush() -> None:
    """Libraries' progress bars and advice would bury the table."""
    transformers.utils.logging.disable_progress_bar()
    logging.captureWarnings(True)
    logging.disable(logging.WARNING)


def main() -> None:
    hush()
    server, part, setting = sys.argv[1:]
    run: Run = importlib.import_module(SERVERS[server]).run
    try:
        for measured in run(Setting.from_json(setting), part):
            print(json.dumps(dataclasses.asdict(measured)), flush=True)
    except PeerFailed as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
