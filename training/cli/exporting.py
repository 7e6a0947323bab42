"""A version for others: `export`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from bot.config import load_config
from bot.errors import PublishError
from bot.personas.catalog import PersonaCatalog
from training.cli.options import ConfigOption, JsonOption, NumberOption, PersonaArgument
from training.cli.output import show
from training.cli.setup import registry_of


def export(
    persona: PersonaArgument,
    out: Annotated[Path | None, typer.Option("--out", help="A new folder (default: PERSONA-vN here).")] = None,
    number: NumberOption = None,
    licence: Annotated[str | None, typer.Option("--licence", help="Its licence, as the hub names it.")] = None,
    push: Annotated[
        str | None, typer.Option("--push", metavar="NAME/REPO", help="Upload it, with the token in $HF_TOKEN.")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Write a version of PERSONA as a folder for the Hugging Face hub: PEFT's files and a model card.

    The card counts what was learned; it holds no word of any member. With --push the repository is private at first.
    """
    token = os.environ.get("HF_TOKEN")
    if push and not token:
        raise PublishError("--push needs a token of the hub: set HF_TOKEN.")
    from training.publishing import export as exporting
    from training.publishing import publish

    settings = load_config(config)
    card = PersonaCatalog(settings.adapters_dir).get(persona)
    version = publish.require_version(registry_of(settings), persona, number)
    folder = out or Path(f"{persona}-v{version.number}")
    report = settings.adapters_dir / persona / "reports" / f"{version.number}.json"
    exporting.export(version, card, report, folder, licence)
    address = exporting.push(folder, push, token) if push and token else None
    show(as_json, {"folder": str(folder), "address": address}, f"{version} is in {address or folder}.")
