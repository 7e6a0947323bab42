"""The command line: `python -m training import | dataset | train | evaluate | promote | rollback | run | rebuild |
adopt | settle | export | report | due | forget | study`.

Console script: `troupe-train`. The commands live in `training/cli/`.
"""

import signal
import sys
from functools import partial

import typer

from bot.command_line import print_failure, run_commands
from training.cli import adopting, data, evaluating, exporting, importing, publishing, reporting, runs, studying, upkeep

app = typer.Typer(
    name="troupe-train",
    help=(
        "Turn members' feedback into better adapters. Each command is one step; `run` does them all in order. "
        "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the gate refused the candidate."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

for command in (
    data.dataset,
    runs.train,
    evaluating.evaluate,
    publishing.promote,
    publishing.rollback,
    publishing.settle,
    runs.run,
    runs.rebuild,
    adopting.adopt,
    exporting.export,
    reporting.report,
    studying.study,
    upkeep.due,
    upkeep.forget,
):
    app.command()(command)
app.command("import")(importing.import_examples)  # a function cannot have this name


def main() -> None:
    # A bot that stops ends the training it started: unwind, so that no temporary folder stays behind.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    run_commands(app, partial(print_failure, "troupe-train"))


if __name__ == "__main__":
    main()
