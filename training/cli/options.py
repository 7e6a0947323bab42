"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

PersonaArgument = Annotated[str, typer.Argument(metavar="PERSONA", help="The persona's folder name in adapters/.")]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="The config.toml to read (default: $TROUPE_CONFIG, else ./config.toml).")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
SeedOption = Annotated[int | None, typer.Option("--seed", help="The training's random seed (default: training.seed).")]
EpochsOption = Annotated[
    float | None, typer.Option("--epochs", min=0.01, help="Passes over the dataset (default: training.epochs).")
]
NumberOption = Annotated[
    int | None, typer.Option("--number", min=1, help="The version to use (default: the newest on disk).")
]
MethodOption = Annotated[
    str | None,
    typer.Option(
        "--method",
        help="auto, or names of training/README.md, joined as in sft+dpo (default: training.method).",
    ),
]
