"""Commands that train: `train`, `run`, `rebuild`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from training.cli.data import dataset_facts, dataset_table
from training.cli.evaluating import exit_unless_accepted, verdict_text
from training.cli.options import ConfigOption, EpochsOption, JsonOption, MethodOption, PersonaArgument, SeedOption
from training.cli.output import print_text, show, version_facts
from training.cli.publishing import promotion_facts, promotion_text
from training.cli.setup import open_pipeline

if TYPE_CHECKING:
    from training.dataset.rows import Dataset
    from training.pipeline import Pipeline, PipelineResult


def train(
    persona: PersonaArgument,
    seed: SeedOption = None,
    epochs: EpochsOption = None,
    method: MethodOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Train a candidate for PERSONA, always from the base model, and save it as the next version. It does not speak."""
    pipeline = open_pipeline(config, persona, seed=seed, epochs=epochs, method=method)
    built = pipeline.dataset()
    if not as_json:
        print_text(dataset_table(built))
    version = pipeline.train(built)
    show(as_json, version_facts(version), f"{version} was saved in {version.path}. It does not speak yet.")


def run(
    persona: PersonaArgument,
    seed: SeedOption = None,
    epochs: EpochsOption = None,
    method: MethodOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """All steps for PERSONA in order: dataset, train, evaluate, promote.

    Exits 3 when the gate refuses; the candidate then keeps its report and never speaks.
    """
    pipeline = open_pipeline(config, persona, seed=seed, epochs=epochs, method=method)
    built = pipeline.dataset()
    if not as_json:
        print_text(dataset_table(built))
    _train_and_judge(pipeline, built, as_json=as_json)


def rebuild(
    personas: Annotated[list[str], typer.Argument(metavar="PERSONA...", help="The personas to rebuild.")],
    config: ConfigOption = None,
) -> None:
    """Train each PERSONA again from its own examples and the preservation set alone, and let the result speak.

    No votes are learned, so the same files and seed give the same adapter. If there is a version of these weights, it
    serves; else they become the next version. Exits 3 when the gate refuses one.
    """
    pipelines = [open_pipeline(config, persona) for persona in personas]
    for pipeline in pipelines:
        pipeline.require_readable_store()
        built = pipeline.seed_dataset()
        print_text(dataset_table(built))
        _train_and_judge(pipeline, built, reuse=True, as_json=False)


def _train_and_judge(pipeline: "Pipeline", built: "Dataset", *, as_json: bool, reuse: bool = False) -> None:
    version = pipeline.train(built, reuse=reuse)
    if not as_json:
        print_text(f"{version} was saved in {version.path}.")
    outcome = pipeline.judge_and_promote(version)
    show(as_json, {"dataset": dataset_facts(built), **outcome_facts(outcome)}, outcome_text(outcome))
    exit_unless_accepted(outcome.evaluation)


def outcome_facts(outcome: "PipelineResult") -> dict[str, Any]:
    return {
        "version": version_facts(outcome.evaluation.version),
        "report": outcome.evaluation.report,
        "promotion": promotion_facts(outcome.promotion) if outcome.promotion else None,
        "withdrawn": list(outcome.withdrawn),
        "canary": outcome.canary.share if outcome.canary else None,
    }


def outcome_text(outcome: "PipelineResult") -> str:
    lines = [verdict_text(outcome.evaluation)]
    if outcome.promotion:
        lines.append(promotion_text(outcome.promotion))
    if outcome.canary:
        lines.append(f"As a canary, {outcome.canary}. Votes decide (`python -m training settle`).")
    if outcome.withdrawn:
        numbers = ", ".join(f"v{number}" for number in outcome.withdrawn)
        lines.append(f"Deleted, because they learned from words that are deleted by now: {numbers}.")
    return "\n".join(lines)
