"""The command line: `python -m training import | dataset | train | evaluate | promote | rollback | run | rebuild |
adopt | settle | report | due | forget | study`.

Console script: `troupe-train`. The commands live in `training/cli/`.
"""

import json
import signal
import sys

import typer

from bot.errors import TroupeError
from training.cli import adopting, data, evaluating, importing, publishing, reporting, runs, studying, upkeep

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
    reporting.report,
    studying.study,
    upkeep.due,
    upkeep.forget,
):
    app.command()(command)
app.command("import")(importing.import_examples)  # a function cannot have this name


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
