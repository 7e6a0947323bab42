"""The command behind the personas' reports: `study`."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from bot.config import load_config
from training.cli.options import ConfigOption, JsonOption, PersonaArgument
from training.cli.output import show
from training.cli.setup import open_pipeline
from training.studies.study_file import read_plan

if TYPE_CHECKING:
    from bot.personas.catalog import Persona
    from training.studies.study import Study

COLUMNS = ("in character", "asks back", "nonsense", "script lines", "keeps its rules", "words", "perplexity")
TALK_COLUMNS = ("good replies", "in character", "repeated", "nonsense", "script lines")


def study(
    persona: PersonaArgument,
    variants: Annotated[
        bool, typer.Option("--variants", help="Also train and measure the variants in adapters/PERSONA/study.toml.")
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Answer PERSONA's held-out prompts with the base model and with the version that speaks, each with and without the
    system prompt (or the card's rules), and print the figures of its adapters/PERSONA/README.md.
    """
    pipeline = open_pipeline(config, persona)
    from training.studies.study import study_active  # torch and TRL load with it
    from training.studies.variants import train_variants

    settings, console = load_config(config), Console(stderr=True)
    plan = read_plan(settings.adapters_dir / persona)
    others = train_variants(settings, persona, plan, console) if variants else {}
    result = study_active(pipeline, others, plan.conversations, console)
    show(as_json, study_facts(result, pipeline.persona), study_text(result, pipeline.persona))


def study_facts(result: "Study", persona: "Persona") -> dict[str, Any]:
    cells = {
        cell.describe(persona): {
            **dataclasses.asdict(figures),
            "said": [{"prompt": answer.prompt, "text": answer.text} for answer in result.answers[cell]],
        }
        for cell, figures in result.cells.items()
    }
    kept = {
        who: {topic.value: {"right": len(found.right), "asked": found.asked} for topic, found in topics.items()}
        for who, topics in result.kept.items()
    }
    talks = {
        who: {
            **dataclasses.asdict(figures),
            "said": [
                [{"prompt": reply.answer.prompt, "text": reply.answer.text} for reply in talk]
                for talk in result.talked[who]
            ],
        }
        for who, figures in result.talks.items()
    }
    facts = {"persona": persona.name, "judge_accuracy": result.judge_accuracy}
    return {**facts, "cells": cells, "kept": kept, "conversations": talks}


def study_text(result: "Study", persona: "Persona") -> str:
    """Markdown tables."""
    prompts = max(figures.answers for figures in result.cells.values())
    accuracy = f"{result.judge_accuracy:.0%}"
    parts = [
        _cells_table(result, persona),
        f"{prompts} unseen prompts; “in character” is right on {accuracy} of unseen answers.",
        _kept_table(result),
    ]
    if result.talks:
        one = next(iter(result.talks.values()))
        parts += [_talks_table(result), f"{one.conversations} conversations of {one.turns} turns."]
    return "\n\n".join(parts)


def _cells_table(result: "Study", persona: "Persona") -> str:
    rows = []
    for cell, figures in result.cells.items():
        shares = [figures.in_character, figures.asks, figures.nonsense, figures.scripts, figures.keeps_rules]
        cells = ["–" if share is None else f"{share:.0%}" for share in shares]
        rows.append([cell.describe(persona), *cells, f"{figures.mean_words:.1f}", f"{figures.perplexity:.1f}"])
    return _table(COLUMNS, rows)


def _kept_table(result: "Study") -> str:
    topics = list(dict.fromkeys(topic for kept in result.kept.values() for topic in kept))
    rows = [[who, *(str(kept[topic]) for topic in topics)] for who, kept in result.kept.items()]
    return _table([topic.value.replace("_", " ") for topic in topics], rows)


def _talks_table(result: "Study") -> str:
    rows = []
    for who, talk in result.talks.items():
        shares = (talk.good, talk.in_character, talk.repeated, talk.nonsense, talk.scripts)
        rows.append([who, *(f"{share:.0%}" for share in shares)])
    return _table(TALK_COLUMNS, rows)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [["", *columns], ["---"] * (len(columns) + 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
