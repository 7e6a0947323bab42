"""Commands that say who speaks: `promote`, `rollback`, `settle`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.config import load_config
from bot.personas.catalog import PersonaCatalog
from bot.store import open_snapshot
from bot.versions.canary import read_canary
from training.cli.options import ConfigOption, JsonOption, NumberOption, PersonaArgument
from training.cli.output import show, version_facts
from training.cli.setup import open_registry, registry_of

if TYPE_CHECKING:
    from training.publishing.publish import Promotion


BASE = "base"


def promote(
    persona: PersonaArgument,
    number: NumberOption = None,
    force: Annotated[bool, typer.Option("--force", help="Promote it even if the gate did not accept it.")] = False,
    canary: Annotated[
        float | None,
        typer.Option("--canary", min=0.01, max=0.99, help="Let it speak in this share of the channels first."),
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Let a version of PERSONA speak, if its report accepts exactly these weights. A running bot follows by itself.

    With --canary, votes on both versions decide later which of them speaks everywhere: see `settle`.
    """
    from training.publishing import canary_lifecycle, publish

    registry = open_registry(config, persona)
    version = publish.require_version(registry, persona, number)
    if canary is not None:
        started = canary_lifecycle.start(registry, version, canary)
        show(as_json, {**version_facts(version), "canary": started.share}, f"{persona}: {started}.")
        return
    promotion = publish.promote(registry, version, force=force)
    show(as_json, promotion_facts(promotion), promotion_text(promotion))


def rollback(
    persona: PersonaArgument,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="NUMBER|base", help="The version to go back to; base: the card alone."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also to a version that never spoke and the gate did not accept.")
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Let the version of PERSONA that spoke before speak again; end a canary. A running bot follows by itself."""
    from training.publishing import canary_lifecycle, publish

    registry = open_registry(config, persona)
    active, number = registry.active_number(persona), _number(to)
    if to == BASE:
        spoke = publish.rollback_to_base(registry, persona)
        facts = {"persona": persona, "number": None, "previous": spoke.number}
        show(as_json, facts, f"{persona} speaks from its card now (was v{spoke.number}).")
    elif number in (None, active) and (ended := canary_lifecycle.end(registry, persona, "by the operator")):
        facts = {"persona": persona, "ended": ended.number, "number": active}
        show(as_json, facts, f"{persona}: v{active} speaks everywhere again.")
    else:
        promotion = publish.rollback(registry, persona, number, force=force)
        show(as_json, promotion_facts(promotion), promotion_text(promotion))


def _number(to: str | None) -> int | None:
    if to is None or to == BASE:
        return None
    if not to.isdecimal() or int(to) < 1:
        raise typer.BadParameter(f"{to!r}: give a version number, or {BASE}.", param_hint="--to")
    return int(to)


def settle(
    persona: Annotated[str | None, typer.Argument(metavar="PERSONA", help="The persona (default: all).")] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Count the votes on running canaries: promote a better one, roll back a worse one, or wait for more."""
    from training.publishing import canary_lifecycle
    from training.publishing.canary_decision import Patience

    settings = load_config(config)
    patience = Patience(**settings.canary.model_dump(exclude={"share"}))
    registry, catalog = registry_of(settings), PersonaCatalog(settings.adapters_dir)
    names = [catalog.get(persona).name] if persona else catalog.names()
    waiting = [name for name in names if read_canary(registry, name)]
    settled = []
    if waiting:
        with open_snapshot(settings.store_path) as snapshot:
            found = [canary_lifecycle.settle(registry, name, snapshot, patience) for name in waiting]
        settled = [one for one in found if one is not None]
    facts = [
        {"persona": s.persona, "number": s.number, "decision": s.hearing.decision.value, "reason": s.hearing.reason}
        for s in settled
    ]
    lines = [f"{s.persona} v{s.number}: {s.hearing.decision}; {s.hearing.reason}." for s in settled]
    show(as_json, {"canaries": facts}, "\n".join(lines) or "There is no canary.")


def promotion_facts(promotion: "Promotion") -> dict[str, Any]:
    return {**version_facts(promotion.version), "previous": promotion.previous}


def promotion_text(promotion: "Promotion") -> str:
    version, before = promotion.version, promotion.previous
    if before == version.number:
        return f"{version} speaks, as before."
    was = "the base model" if before is None else f"v{before}"
    return f"{version} speaks now (was {was}). A running bot follows within seconds."
