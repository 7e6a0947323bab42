"""The bench: our engine and what people would otherwise pick do the same work, side by side on this machine.

Writes bench-results/engine.json, a chart (.png) and tables for docs/performance.md, and says which targets are met.
"""

import argparse
import dataclasses
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.serving.chart import write_chart
from benchmarks.serving.child import hush, measured_by
from benchmarks.serving.machine import cores, describe_machine
from benchmarks.serving.peers import PeerMissing, chosen, places
from benchmarks.serving.report import cases_table, markdown, sweep_table, targets_table
from benchmarks.serving.results import Results, load
from benchmarks.serving.targets import OURS, Judgement, judge
from benchmarks.serving.work import PLANS, Measured, Setting, Timing
from bot.config import load_config
from bot.engine.base_model import PACKAGED, BaseModelFiles, prepare_base_model
from bot.engine.options import PRECISIONS
from bot.versions.registry import AdapterRegistry, read_manifest
from tests.tiny import write_random_adapter

RESULTS = Path("bench-results/engine.json")
PERSONA = "pirate"
OWN_PARTS = ("crowd", "chat", "memory", "start")
PARTS = (*PLANS, *OWN_PARTS)


def main() -> None:
    arguments = _arguments()
    hush()
    console = Console()
    with tempfile.TemporaryDirectory() as folder, console.status("Preparing the base model"):
        setting, origin = _setting(arguments, Path(folder))
        results = _opened(arguments, setting, origin)
        for part in arguments.only:
            before = load()
            results.put(part, _measure(part, arguments.peers, setting, console), before)
            results.write(arguments.out)
    judgements = judge(results)
    _show(console, results, judgements)
    results.write(arguments.out, targets=[_row(judgement) for judgement in judgements])
    write_chart(results, arguments.out.with_suffix(".png"))
    arguments.out.with_suffix(".md").write_text(markdown(results, judgements), encoding="utf-8")
    console.print(f"Written to {arguments.out}, with a chart (.png) and tables (.md); compare figures of one run only.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.add_argument("--peers", default="", help="llama, vllm, peft, with commas between; PEFT is always measured")
    parser.add_argument(
        "--only", default=",".join(PARTS), help=f"parts, keeping the others' figures: {', '.join(PARTS)}"
    )
    parser.add_argument("--precision", default="auto", choices=PRECISIONS, help="our engine's; auto is int8 on a CPU")
    parser.add_argument("--threads", type=int, default=cores(), help="for every server; all cores by default")
    parser.add_argument("--out", type=Path, default=RESULTS, help=f"{RESULTS} by default; the chart lies beside it")
    arguments = parser.parse_args()
    arguments.only = [part.strip() for part in arguments.only.split(",") if part.strip()]
    if unknown := set(arguments.only) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    try:
        arguments.peers = chosen(arguments.peers)
        arguments.places = places(arguments.peers)
    except PeerMissing as error:
        sys.exit(str(error))
    return arguments


def _setting(arguments: argparse.Namespace, folder: Path) -> tuple[Setting, str]:
    """What is served, and where its adapter comes from."""
    config = load_config()
    files = prepare_base_model(PACKAGED, config.cache_dir)
    adapter, origin = _adapter(config.adapters_dir, files, folder)
    found = dataclasses.asdict(arguments.places)
    return Setting(files.path, adapter.absolute(), arguments.precision, arguments.threads, **found), origin


def _adapter(shipped: Path, files: BaseModelFiles, folder: Path) -> tuple[Path, str]:
    """The shipped adapter, where there is one of this base model; a random one of the same size otherwise."""
    version = AdapterRegistry(shipped).active(PERSONA)
    if version is not None and read_manifest(version.path).get("base_fingerprint") == files.fingerprint:
        return version.path, str(version)
    write_random_adapter(folder / "random", files.path, rank=8)
    return folder / "random", "a random adapter of rank 8"


def _opened(arguments: argparse.Namespace, setting: Setting, origin: str) -> Results:
    """New results, or those of the file when only some parts are measured again."""
    facts = {"model": PACKAGED, "adapter": origin, "precision": setting.precision, "threads": setting.threads}
    if set(arguments.only) != set(PARTS) and arguments.out.is_file():
        results = Results.read(arguments.out)
        if results is not None and results.setting == facts:
            results.machine = describe_machine()
            return results
    return Results(describe_machine(), facts)


def _measure(part: str, peers: Sequence[str], setting: Setting, console: Console) -> list[Measured]:
    found: list[Measured] = []
    with console.status(part) as status:
        for server in (OURS, *(peers if part in PLANS else ())):
            status.update(f"{part}, {server}: loading (load {os.getloadavg()[0]:.1f})")
            for measured in measured_by(server, part, setting):
                found.append(measured)
                status.update(f"{part}: {_told(measured)}")
    return found


def _told(measured: Measured) -> str:
    if isinstance(measured, Timing):
        return f"{measured.server}, {measured.case}: {measured.tokens_per_s:.1f} tokens/s"
    return f"{measured.name}: {measured.value:.3g}"


def _show(console: Console, results: Results, judgements: list[Judgement]) -> None:
    tables = (
        cases_table(results),
        sweep_table(results, "rows", "Requests at once, each with its own adapter"),
        sweep_table(results, "registered", "Registered adapters, 8 requests at once"),
        targets_table(judgements),
    )
    for table in tables:
        if table.row_count:
            console.print(table)
    for key, value in {**results.machine, **results.setting}.items():
        console.print(f"{key}: {value}", style="dim", highlight=False)


def _row(judgement: Judgement) -> dict[str, object]:
    target = judgement.target
    return {
        "name": target.name,
        "wanted": target.wanted,
        "limit": target.limit,
        "measured": judgement.measured,
        "met": judgement.met,
    }


if __name__ == "__main__":
    main()
