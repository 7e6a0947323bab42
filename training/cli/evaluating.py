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
    verdict = "accepted" if evaluation.verdict.accepted else "refused; it will not speak"
    reasons = [
        f"  {'✗' if reason in evaluation.verdict.refusals else '✓'} {reason}" for reason in evaluation.verdict.reasons
    ]
    return "\n".join([f"{evaluation.version}: {verdict}.", *reasons])


def exit_unless_accepted(evaluation: "Evaluation") -> None:
    if not evaluation.verdict.accepted:
        raise typer.Exit(REFUSED)
