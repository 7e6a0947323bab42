"""The bench: the same work for our engine and for what a user would otherwise pick, side by side on this machine."""

import argparse
import tempfile
from pathlib import Path

from rich.console import Console

from bot.config import load_config
from bot.engine.base_model import PACKAGED, BaseModelFiles, prepare_base_model
from bot.engine.options import PRECISIONS
from bot.registry import AdapterRegistry, read_manifest
from tests.bench.child import SERVERS, hush, timings_of
from tests.bench.machine import cores, describe_machine
from tests.bench.report import table_of, write_results
from tests.bench.work import Setting, better
from tests.tiny import write_random_adapter

RESULTS = Path("bench-results/engine.json")
PERSONA = "pirate"


def main() -> None:
    arguments = _arguments()
    hush()
    console = Console()
    machine = describe_machine()
    with tempfile.TemporaryDirectory() as folder, console.status("Preparing the base model") as status:
        config = load_config()
        files = prepare_base_model(PACKAGED, config.cache_dir)
        adapter, origin = _adapter(config.adapters_dir, files, Path(folder))
        setting = Setting(files.path, adapter, arguments.precision, arguments.threads)
        timings = []
        for server in arguments.servers:
            status.update(f"{server}: loading")
            for timing in timings_of(server, setting):
                timings.append(timing)
                status.update(f"{timing.server}, {timing.case}: {timing.tokens_per_s:.1f} tokens/s")
    console.print(table_of(better(timings)))
    for key, value in machine.items():
        console.print(f"{key}: {value}", style="dim", highlight=False)
    console.print(f"threads: {setting.threads}; adapters: 8 copies of {origin}", style="dim", highlight=False)
    facts = {"model": PACKAGED, "adapter": origin, "precision": setting.precision, "threads": setting.threads}
    write_results(arguments.out, machine, facts, timings)
    console.print(f"Written to {arguments.out}; compare figures of one run only.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("servers", nargs="*", default=list(SERVERS), help=f"of {', '.join(SERVERS)}; all by default")
    parser.add_argument("--precision", default="auto", choices=PRECISIONS, help="our engine's; auto is int8 on a CPU")
    parser.add_argument("--threads", type=int, default=cores(), help="for every server; all cores by default")
    parser.add_argument("--out", type=Path, default=RESULTS, help=f"{RESULTS} by default")
    arguments = parser.parse_args()
    if unknown := set(arguments.servers) - set(SERVERS):
        parser.error(f"no such server: {', '.join(sorted(unknown))}; there are {', '.join(SERVERS)}")
    return arguments


def _adapter(shipped: Path, files: BaseModelFiles, folder: Path) -> tuple[Path, str]:
    """The shipped adapter, where there is one of this base model; a random one of the same size otherwise."""
    version = AdapterRegistry(shipped).active(PERSONA)
    if version is not None and read_manifest(version.path).get("base_fingerprint") == files.fingerprint:
        return version.path, str(version)
    write_random_adapter(folder / "random", files.path, rank=8)
    return folder / "random", "a random adapter of rank 8"


if __name__ == "__main__":
    main()
