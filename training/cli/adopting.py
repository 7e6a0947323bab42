"""The command `adopt`: adapters made elsewhere become versions, cards and servers' own personas get a folder."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.config import Config, load_config
from bot.errors import MemberError, PersonaError, StoreError
from bot.personas.catalog import Persona
from bot.personas.character_cards import read_character_card
from bot.personas.persona_folder import write_persona_folder
from bot.store import Store
from training.cli.evaluating import exit_unless_accepted
from training.cli.options import ConfigOption, JsonOption
from training.cli.output import print_text, show
from training.cli.runs import outcome_facts, outcome_text
from training.cli.setup import open_pipeline

if TYPE_CHECKING:
    from training.publishing.adoption import ForeignAdapter


def adopt(
    persona: Annotated[
        str, typer.Argument(metavar="PERSONA", help="A persona; without an adapter, a card file or a server's persona.")
    ],
    origin: Annotated[
        str | None, typer.Argument(metavar="[FOLDER_OR_HUB_NAME]", help="A LoRA adapter in PEFT's format.")
    ] = None,
    server: Annotated[int | None, typer.Option("--server", min=1, help="Whose persona, if several have it.")] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Take an adapter that was trained elsewhere as the next version of PERSONA, evaluate it, and promote it.

    Only what the engine computes exactly is taken. Exits 3 when the gate refuses; the version then keeps its report and
    never speaks. Without an adapter, make a card file, or a persona that a server made, one with a folder: it can be
    trained then, and keeps its name and its votes.
    """
    if origin is None:
        card, notes = _adopted_card(load_config(config), persona, server)
        text = "\n".join([f"{card} was written. A running bot follows within seconds.", *notes])
        show(as_json, {"card": str(card), "notes": list(notes)}, text)
        return
    pipeline = open_pipeline(config, persona)
    version, foreign = pipeline.adopt(origin)
    if not as_json:
        print_text(f"{version} was saved in {version.path}.\n{_notes(foreign)}".strip())
    outcome = pipeline.judge_and_promote(version)
    show(as_json, {"adopted": _facts(foreign), **outcome_facts(outcome)}, outcome_text(outcome))
    exit_unless_accepted(outcome.evaluation)


def _adopted_card(config: Config, persona: str, server: int | None) -> tuple[Path, Sequence[str]]:
    """Where the card of the new folder lies, and what was left out of it."""
    file = Path(persona).expanduser()
    if not file.is_file():
        return asyncio.run(_adopted_from_server(config, persona, server)), ()
    try:
        found = read_character_card(file.read_bytes())
    except (OSError, MemberError) as error:
        raise PersonaError(f"{file} cannot be adopted: {error}") from None
    return write_persona_folder(config.adapters_dir, found.persona), found.notes


async def _adopted_from_server(config: Config, name: str, server: int | None) -> Path:
    if not config.store_path.exists():
        raise StoreError(f"{config.store_path} does not exist: set store.path to the bot's database.")
    store = await Store.open(config.store_path)
    try:
        made = [row for row in await store.server_personas() if row.name == name and server in (None, row.guild_id)]
        if len(made) != 1:
            where = ", ".join(str(row.guild_id) for row in made)
            if made:
                raise PersonaError(f"the servers {where} have a persona called {name}: choose one with --server.")
            raise PersonaError(f"{name}: there is neither such a file nor such a server's persona.")
        card = write_persona_folder(config.adapters_dir, Persona.model_validate_json(made[0].card))
        await store.give_up_server_persona(made[0].guild_id, name)
        return card
    finally:
        await store.close()


def _facts(foreign: "ForeignAdapter") -> dict[str, Any]:
    return {"origin": foreign.origin, "base_model": foreign.says, "passed_over": list(foreign.passed_over)}


def _notes(foreign: "ForeignAdapter") -> str:
    notes = [f"It says that it was trained on {foreign.says}." if foreign.says else ""]
    if foreign.passed_over:
        notes.append(f"Left out, as the base model has the same: {', '.join(foreign.passed_over)}.")
    return " ".join(filter(None, notes))
