"""How every command of ours ends: an expected failure is one plain sentence on stderr, and exit code 1."""

import json
import sys
from collections.abc import Callable

import typer

from bot.errors import TroupeError


def run_commands(app: typer.Typer, tell: Callable[[TroupeError], None]) -> None:
    """Run what the arguments name. `tell` shows an expected failure, usually with `print_failure`."""
    try:
        app(standalone_mode=True)
    except TroupeError as error:
        tell(error)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def print_failure(program: str, error: TroupeError) -> None:
    """As a sentence that names the program or, where a program reads (`--json`), as one JSON object."""
    as_json = "--json" in sys.argv
    print(json.dumps({"error": str(error)}) if as_json else f"{program}: {error}", file=sys.stderr)
