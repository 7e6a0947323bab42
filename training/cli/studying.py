"""The command behind the personas' reports: `study`."""

import dataclasses
from typing import TYPE_CHECKING, Any

from training.cli.options import ConfigOption, JsonOption, PersonaArgument
from training.cli.output import show
from training.cli.setup import open_workshop

if TYPE_CHECKING:
    from bot.personas import Persona
    from training.studies.study import Study

COLUMNS = ("in character", "asks back", "nonsense", "script lines", "keeps its rules", "words", "perplexity")


def study(persona: PersonaArgument, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Answer PERSONA's held-out prompts with the base model and with the version that speaks, each with and without the
    system prompt (or the card's rules), and print the figures of its adapters/PERSONA/README.md.
    """
    workshop = open_workshop(config, persona)
    result = workshop.study()
    show(as_json, study_facts(result, workshop.persona), study_text(result, workshop.persona))


def study_facts(result: "Study", persona: "Persona") -> dict[str, Any]:
    cells = {
        cell.describe(persona): {
            **dataclasses.asdict(figures),
            "said": [{"prompt": answer.prompt, "text": answer.text} for answer in result.answers[cell]],
        }
        for cell, figures in result.cells.items()
    }
    return {"persona": persona.name, "judge_accuracy": result.judge_accuracy, "cells": cells}


def study_text(result: "Study", persona: "Persona") -> str:
    """A Markdown table."""
    rows = [["", *COLUMNS], ["---"] * (len(COLUMNS) + 1)]
    for cell, figures in result.cells.items():
        shares = [figures.in_character, figures.asks, figures.nonsense, figures.scripts, figures.keeps_rules]
        cells = ["–" if share is None else f"{share:.0%}" for share in shares]
        rows.append([cell.describe(persona), *cells, f"{figures.mean_words:.1f}", f"{figures.perplexity:.1f}"])
    prompts = max(figures.answers for figures in result.cells.values())
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    accuracy = f"{result.judge_accuracy:.0%}"
    return f"{table}\n\n{prompts} unseen prompts; “in character” is right on {accuracy} of unseen answers."
