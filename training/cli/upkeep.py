"""Commands that keep personas as they should be: `due` for a timer, `forget` for a member who asks."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.config import Config, load_config
from bot.errors import OperatorError, StoreError
from bot.personas.catalog import PersonaCatalog
from bot.retraining.forgetting import Forgetting
from bot.store import Snapshot, Store, open_snapshot
from bot.versions.rebuild_marks import mark, marked, replies_behind
from bot.versions.registry import AdapterRegistry
from bot.versions.training_due import must_rebuild, trained_at
from training.cli.evaluating import REFUSED
from training.cli.options import ConfigOption, JsonOption
from training.cli.output import print_text, show
from training.cli.runs import outcome_facts, outcome_text
from training.cli.setup import open_pipeline, registry_of

FAILED = 1


@dataclass(frozen=True)
class Due:
    """A persona to train, and why. What holds deleted words comes `first`."""

    persona: str
    why: str
    first: bool


def due(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what is due, and train nothing.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Train every persona that is due: first those with a version that holds deleted words, then those with enough
    new votes (training.min_new_votes). Made for cron or a systemd timer.

    Exits 1 when a training failed, or else 3 when the gate refused a candidate; the other personas are trained anyway.
    """
    found = find_due(load_config(config))
    facts: dict[str, Any] = {"due": [{"persona": d.persona, "why": d.why} for d in found], "results": []}
    if not as_json:
        print_text("\n".join(f"{d.persona}: {d.why}" for d in found) or "Nothing is due.")
    if not dry_run:
        facts["results"] = [_renewed(config, d.persona, as_json=as_json, forgets=d.first) for d in found]
    show(as_json, facts, "")
    raise typer.Exit(_exit_code(facts["results"]))


def forget(
    member: Annotated[int, typer.Option("--member", min=1, help="The member's Discord id.")],
    rebuild: Annotated[bool, typer.Option(help="Train marked personas again now, or leave that to `due`.")] = True,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Delete everything stored about a member, and rebuild the versions that learned from their words or votes."""
    settings = load_config(config)
    rows = asyncio.run(_forget(settings, member))
    affected = [d.persona for d in find_due(settings) if d.first]
    facts: dict[str, Any] = {"rows": rows, "marked": affected, "results": []}
    if not as_json:
        print_text(f"{rows} rows about member {member} were deleted. To rebuild: {', '.join(affected) or 'nothing'}.")
    if rebuild:
        facts["results"] = [_renewed(config, persona, as_json=as_json, forgets=True) for persona in affected]
    show(as_json, facts, "")
    raise typer.Exit(_exit_code(facts["results"]))


def find_due(config: Config) -> list[Due]:
    """What the store and the marks say is due now, the most urgent first. Marks what holds words deleted meanwhile."""
    registry = registry_of(config)
    personas = PersonaCatalog(config.adapters_dir).names()
    with open_snapshot(config.store_path) as snapshot:
        found = [_due(registry, snapshot, persona, config.training.min_new_votes) for persona in personas]
    return sorted((d for d in found if d is not None), key=lambda d: not d.first)


def _due(registry: AdapterRegistry, snapshot: Snapshot, persona: str, min_new_votes: int) -> Due | None:
    behind = replies_behind(registry, persona)
    mark(registry, persona, snapshot.gone(behind) | snapshot.withdrawn(behind))
    trained = trained_at(registry, persona)
    marks = marked(registry, persona)
    if must_rebuild(marks, trained):
        numbers = ", ".join(f"v{number}" for number in sorted(marks))
        return Due(persona, f"{numbers} learned from words that are deleted by now", first=True)
    votes = snapshot.votes_since(persona, trained)
    return Due(persona, f"{votes} new votes", first=False) if votes >= min_new_votes else None


def _renewed(config: Path | None, persona: str, *, as_json: bool, forgets: bool) -> dict[str, Any]:
    """One persona's training; whatever is wrong with it must not keep the others waiting.

    `forgets`: it replaces what learned from deleted words, from the seed pairs alone if too little else is left.
    """
    try:
        pipeline = open_pipeline(config, persona)
        built = pipeline.dataset()
        if forgets and built.refusal is not None:
            built = pipeline.seed_dataset()
        outcome = pipeline.judge_and_promote(pipeline.train(built))
    except OperatorError as error:
        typer.echo(f"troupe-train: {persona}: {error}", err=True)
        return {"persona": persona, "error": str(error)}
    if not as_json:
        print_text(outcome_text(outcome))
    return {"persona": persona, **outcome_facts(outcome)}


def _exit_code(results: list[dict[str, Any]]) -> int:
    if any("error" in result for result in results):
        return FAILED
    return 0 if all(result["promotion"] or result["canary"] for result in results) else REFUSED


async def _forget(config: Config, member: int) -> int:
    if not config.store_path.exists():
        raise StoreError(f"{config.store_path} does not exist: set store.path to the bot's database.")
    store = await Store.open(config.store_path)
    try:
        return await Forgetting(store, registry_of(config)).forget(member)
    finally:
        await store.close()
