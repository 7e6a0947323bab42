"""Commands that judge a version: `evaluate`."""

from typing import TYPE_CHECKING

import typer

from training.cli.options import ConfigOption, JsonOption, NumberOption, PersonaArgument
from training.cli.output import show
from training.cli.setup import open_pipeline

if TYPE_CHECKING:
    from training.pipeline import Evaluation

REFUSED = 3


def evaluate(
    persona: PersonaArgument, number: NumberOption = None, as_json: JsonOption = False, config: ConfigOption = None
) -> None:
    """Measure a version of PERSONA against the one that speaks, let the gate judge it, and write its report.

    Exits 3 when the gate refuses.
    """
    evaluation = open_pipeline(config, persona).evaluate(number)
    show(as_json, evaluation.report, verdict_text(evaluation))
    exit_unless_accepted(evaluation)


def verdict_text(evaluation: "Evaluation") -> str:
    """One line of verdict and what failed; the rest is named alone, and told in full by `report` and --json."""
    verdict = evaluation.verdict
    held = [criterion.name for criterion in verdict.criteria if criterion.passed]
    lines = [f"{evaluation.version}: {'accepted' if verdict.accepted else 'refused; it will not speak'}."]
    lines += [f"  ✗ {reason}" for reason in verdict.refusals]
    lines += [f"  ✓ {', '.join(held)}"] if held else []
    lines += [f"  – not measured: {', '.join(verdict.unmeasured)}"] if verdict.unmeasured else []
    return "\n".join(lines)


def exit_unless_accepted(evaluation: "Evaluation") -> None:
    if not evaluation.verdict.accepted:
        raise typer.Exit(REFUSED)
