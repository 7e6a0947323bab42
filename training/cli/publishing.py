"""Commands that move the `active` pointer: `promote`, `rollback`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from training.cli.options import ConfigOption, JsonOption, NumberOption, PersonaArgument
from training.cli.output import show, version_facts
from training.cli.setup import open_registry

if TYPE_CHECKING:
    from training.publish import Promotion


def promote(
    persona: PersonaArgument,
    number: NumberOption = None,
    force: Annotated[bool, typer.Option("--force", help="Without the gate's acceptance.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Let a version of PERSONA speak, if its report accepts exactly these weights. A running bot follows by itself."""
    from training import publish

    registry = open_registry(config, persona)
    version = publish.require_version(registry, persona, number)
    promotion = publish.promote(registry, version, force=force)
    show(as_json, promotion_facts(promotion), promotion_text(promotion))


def rollback(
    persona: PersonaArgument,
    to: Annotated[int | None, typer.Option("--to", min=1, help="The version that shall speak again.")] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Let the version of PERSONA that spoke before speak again. A running bot follows by itself."""
    from training import publish

    promotion = publish.rollback(open_registry(config, persona), persona, to)
    show(as_json, promotion_facts(promotion), promotion_text(promotion))


def promotion_facts(promotion: "Promotion") -> dict[str, Any]:
    return {**version_facts(promotion.version), "previous": promotion.previous}


def promotion_text(promotion: "Promotion") -> str:
    version, before = promotion.version, promotion.previous
    if before == version.number:
        return f"{version} speaks, as before."
    was = "the base model" if before is None else f"v{before}"
    return f"{version} speaks now (was {was}). A running bot follows within seconds."
