"""The bench on a GPU: models of the shapes of Qwen3-1.7B and Llama-3.1-8B with random weights, in bf16 and nf4.

usage: `make gpu`, or python -m benchmarks.serving.gpu [--shapes …] [--precisions …]; writes bench-results/gpu.json.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from rich.console import Console

from benchmarks.serving.child import hush, measured_by
from benchmarks.serving.gpu_models import SHAPES, write_adapter, write_model
from benchmarks.serving.gpu_server import COPY_RATE, PARTS, WEIGHT_BYTES
from benchmarks.serving.machine import cores, describe_machine
from benchmarks.serving.peft_server import MIXED, ONE_AFTER_ANOTHER
from benchmarks.serving.report import targets_table, timings_table
from benchmarks.serving.results import Results, load
from benchmarks.serving.targets import OURS, Target, faster, share
from benchmarks.serving.work import Setting

RESULTS = Path("bench-results")
NO_GPU = (
    f"torch {torch.__version__} sees no CUDA device: `make gpu` needs a machine with an NVIDIA GPU and a CUDA build of "
    "torch. `--shapes tiny --precisions fp32` runs the same code on a CPU, to see that it runs."
)


def single_stream(results: Results) -> float | None:
    """Tokens/s of one stream over what the memory's bandwidth allows, in percent."""
    timing = results.timing(OURS, "base x1")
    rate, size = results.figure(COPY_RATE), results.figure(WEIGHT_BYTES)
    return None if timing is None or rate is None or size is None else 100 * timing.tokens_per_s / (rate / size)


TARGETS = (
    Target("distinct x8 as a share of base x8", share("distinct x8", "base x8", 100), 90, "%", True),
    Target("distinct x32 as a share of base x32", share("distinct x32", "base x32", 100), 80, "%", True),
    Target("distinct x8, tokens/s, over PEFT adapter_names", faster("distinct x8", MIXED), 5, "×", True),
    Target("distinct x8, tokens/s, over PEFT set_adapter", faster("distinct x8", ONE_AFTER_ANOTHER), 15, "×", True),
    Target("single stream as a share of the memory-bandwidth bound", single_stream, 60, "%", True),
)


def main() -> None:
    arguments = _arguments()
    cuda = torch.cuda.is_available()
    if not cuda and (arguments.check or arguments.shapes != ["tiny"]):
        sys.exit(NO_GPU)
    if arguments.check:
        return
    hush()
    console = Console()
    for shape in arguments.shapes:
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            console.print(f"{shape}: writing random weights")
            model = write_model(shape, Path(folder), "cuda" if cuda else "cpu")
            adapter = write_adapter(model, Path(folder) / "adapter")
            for precision in arguments.precisions:
                setting = Setting(model, adapter, precision, cores())
                results = measure(shape, setting, console.print)
                show(console, results)
                results.write(arguments.out / f"gpu-{shape}-{precision}.json")


def measure(shape: str, setting: Setting, tell: Callable[[str], None]) -> Results:
    results = Results(
        describe_machine(), {"model": shape, "precision": setting.precision, "adapter": "random, rank 16"}
    )
    for part in PARTS:
        tell(f"{shape}, {setting.precision}, {part}")
        before = load()
        results.put(part, measured_by("gpu", part, setting), before)
    return results


def show(console: Console, results: Results) -> None:
    console.print(timings_table(results, f"{results.setting['model']}, {results.setting['precision']}, 64 tokens each"))
    console.print(targets_table([target.judge(results) for target in TARGETS]))
    for key, value in results.machine.items():
        console.print(f"{key}: {value}", style="dim", highlight=False)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving.gpu", description=__doc__)
    parser.add_argument("--shapes", nargs="+", default=["qwen3-1.7b", "llama-3.1-8b"], choices=SHAPES)
    parser.add_argument("--precisions", nargs="+", default=["bf16", "nf4"], choices=["bf16", "nf4", "fp32"])
    parser.add_argument("--folder", type=Path, help="where the weights are written for a while (up to 17 GB)")
    parser.add_argument("--out", type=Path, default=RESULTS, help=f"{RESULTS}/ by default")
    parser.add_argument("--check", action="store_true", help="only say whether there is a GPU")
    return parser.parse_args()


if __name__ == "__main__":
    main()
