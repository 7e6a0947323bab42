"""The command `adopt`: adapters made elsewhere become versions like any other."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from training.cli.evaluating import exit_unless_accepted
from training.cli.options import ConfigOption, JsonOption, PersonaArgument
from training.cli.output import say, show
from training.cli.runs import outcome_facts, outcome_text
from training.cli.setup import open_pipeline

if TYPE_CHECKING:
    from training.publishing.adoption import ForeignAdapter


def adopt(
    persona: PersonaArgument,
    origin: Annotated[str, typer.Argument(metavar="FOLDER_OR_HUB_NAME", help="A LoRA adapter in PEFT's format.")],
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Take an adapter that was trained elsewhere as the next version of PERSONA, evaluate it, and promote it.

    Only what the engine computes exactly is taken. Exits 3 when the gate refuses; the version then keeps its report and
    never speaks.
    """
    pipeline = open_pipeline(config, persona)
    version, foreign = pipeline.adopt(origin)
    if not as_json:
        say(f"{version} was saved in {version.path}.\n{_notes(foreign)}".strip())
    outcome = pipeline.judge_and_promote(version)
    show(as_json, {"adopted": _facts(foreign), **outcome_facts(outcome)}, outcome_text(outcome))
    exit_unless_accepted(outcome.evaluation)


def _facts(foreign: "ForeignAdapter") -> dict[str, Any]:
    return {"origin": foreign.origin, "base_model": foreign.says, "passed_over": list(foreign.passed_over)}


def _notes(foreign: "ForeignAdapter") -> str:
    notes = [f"It says that it was trained on {foreign.says}." if foreign.says else ""]
    if foreign.passed_over:
        notes.append(f"Left out, as the base model has the same: {', '.join(foreign.passed_over)}.")
    return " ".join(filter(None, notes))
