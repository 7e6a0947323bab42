"""Commands that show what is known of a version: `report`."""

from pathlib import Path
from typing import Annotated

import typer

from bot.config import load_config
from bot.personas.catalog import PersonaCatalog
from bot.store import open_snapshot
from training.cli.options import ConfigOption, JsonOption, NumberOption, PersonaArgument
from training.cli.output import show
from training.cli.setup import registry_of


def report(
    persona: PersonaArgument,
    number: NumberOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="The folder to write to (default: the persona's reports/).")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Write a version of PERSONA as one web page: verdict, figures, loss, answers before and after, approval, lineage.

    The pictures are inside the page, and beside it as PNG files.
    """
    from training.publishing import publish
    from training.reporting.web_page import build_page  # matplotlib takes a second

    settings = load_config(config)
    card = PersonaCatalog(settings.adapters_dir).get(persona)
    registry = registry_of(settings)
    version = publish.require_version(registry, card.name, number)
    days = []
    if settings.store_path.exists():
        with open_snapshot(settings.store_path) as snapshot:
            days = snapshot.version_days(card.name)
    folder = out or registry.folder / card.name / "reports"
    files = build_page(registry, card, version, days).write(folder, str(version.number))
    show(as_json, {"files": [str(file) for file in files]}, "\n".join(f"{file} was written." for file in files))
